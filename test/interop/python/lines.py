"""What the verifiers have in common: how they are called and how they answer."""

import json
import sys

jwks_uri, issuer, audience, typ, cache_seconds = sys.argv[1:6]


def answer_lines(verify):
    """Answers each line of standard input, a token: `ok` and its claims, or `error` and why."""
    for line in sys.stdin:
        try:
            answer = f"ok {json.dumps(verify(line.strip()))}"
        except Exception as error:
            cause = f" ({error.__cause__})" if error.__cause__ else ""
            answer = " ".join(f"error {type(error).__name__}: {error}{cause}".split())
        print(answer, flush=True)
