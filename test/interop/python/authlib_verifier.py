import time

import requests
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator

from lines import answer_lines, audience, cache_seconds, issuer, jwks_uri


class Validator(JWTBearerTokenValidator):
    """Takes at+jwt and no other typ. It has the keys from here, and keeps none."""

    keys = None
    until = 0

    def get_jwks(self):
        if time.monotonic() >= self.until:
            answer = requests.get(jwks_uri, timeout=3)
            answer.raise_for_status()
            self.keys = answer.json()
            self.until = time.monotonic() + float(cache_seconds)
        return self.keys


validator = Validator(issuer=issuer, resource_server=audience)


def verify(token):
    claims = validator.authenticate_token(token)
    validator.validate_token(claims, [], None)
    return dict(claims)


answer_lines(verify)
