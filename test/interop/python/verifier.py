"""Answers each line of standard input, a token, by `ok` or by `error` and why it was refused."""

import sys

import jwt

jwks_uri, issuer, audience, cache_seconds = sys.argv[1:]
keys = jwt.PyJWKClient(jwks_uri, lifespan=float(cache_seconds))
# Without it a token is refused whose `iat` is a millisecond ahead of this clock.
leeway = 5
algorithms = ["ES256", "RS256", "PS256", "EdDSA", "ES384"]

for line in sys.stdin:
    token = line.strip()
    try:
        key = keys.get_signing_key_from_jwt(token)
        jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=issuer,
            audience=audience,
            leeway=leeway,
        )
        answer = "ok"
    except jwt.PyJWTError as error:
        answer = " ".join(f"error {type(error).__name__}: {error}".split())
    print(answer, flush=True)
