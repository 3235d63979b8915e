// A verifier that keeps its keys until it meets one that it does not know, however long that takes.
package main

import (
	"context"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"mintmark/interop/lines"
)

func main() {
	arguments := lines.Read()
	background := context.Background()
	begin := func() *oidc.IDTokenVerifier {
		keys := oidc.NewRemoteKeySet(background, arguments.JwksURI)
		return oidc.NewVerifier(arguments.Issuer, keys, &oidc.Config{
			ClientID:             arguments.Audience,
			SupportedSigningAlgs: []string{"ES256", "RS256", "PS256", "EdDSA", "ES384"},
		})
	}
	verifier, begun := begin(), time.Now()
	lines.Answer(func(token string) (any, error) {
		if arguments.IsStrict && time.Since(begun) >= arguments.Cache {
			verifier, begun = begin(), time.Now()
		}
		verified, err := verifier.Verify(background, token)
		if err != nil {
			return nil, err
		}
		var claims map[string]any
		if err := verified.Claims(&claims); err != nil {
			return nil, err
		}
		return claims, lines.RequireTyp(token, arguments.Typ)
	})
}
