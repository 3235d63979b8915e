// A verifier whose keys are fetched again in the background, and for the sake of an unknown one.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"mintmark/interop/lines"
)

func main() {
	arguments := lines.Read()
	keys, err := keyfunc.NewDefaultOverrideCtx(
		context.Background(),
		[]string{arguments.JwksURI},
		// An hour by default.
		keyfunc.Override{RefreshInterval: arguments.Cache},
	)
	if err != nil {
		panic(err)
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256", "RS256", "PS256", "EdDSA", "ES384"}),
		jwt.WithIssuer(arguments.Issuer),
		jwt.WithAudience(arguments.Audience),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(5*time.Second),
	)
	lines.Answer(func(token string) (any, error) {
		parsed, err := parser.Parse(token, keys.Keyfunc)
		if err != nil {
			return nil, err
		}
		// It does not know it by itself.
		if parsed.Header["typ"] != arguments.Typ {
			return nil, errors.New("typ")
		}
		return parsed.Claims, nil
	})
}
