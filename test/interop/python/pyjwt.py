import jwt

from lines import answer_lines, audience, cache_seconds, issuer, jwks_uri, typ

keys = jwt.PyJWKClient(jwks_uri, lifespan=float(cache_seconds))


def verify(token):
    decoded = jwt.decode_complete(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["ES256", "RS256", "PS256", "EdDSA", "ES384"],
        issuer=issuer,
        audience=audience,
        # Without it a token is refused whose `iat` is a millisecond ahead of this clock.
        leeway=5,
        options={"require": ["exp"]},
    )
    # It does not know it by itself.
    if decoded["header"].get("typ") != typ:
        raise jwt.InvalidTokenError("typ")
    return decoded["payload"]


answer_lines(verify)
