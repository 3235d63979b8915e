// A verifier that reads its keys again in the background.
package main

import (
	"context"
	"time"

	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"mintmark/interop/lines"
)

func main() {
	arguments := lines.Read()
	background := context.Background()
	cache, err := jwk.NewCache(background, httprc.NewClient())
	if err != nil {
		panic(err)
	}
	// Its own least interval is a quarter of an hour.
	every := httprc.WithConstantInterval(arguments.Cache)
	if err := cache.Register(background, arguments.JwksURI, jwk.WithHttprcResourceOption(every)); err != nil {
		panic(err)
	}
	keys, err := cache.CachedSet(arguments.JwksURI)
	if err != nil {
		panic(err)
	}
	lines.Answer(func(token string) (any, error) {
		claims, err := jwt.ParseString(
			token,
			jwt.WithKeySet(keys),
			jwt.WithIssuer(arguments.Issuer),
			jwt.WithAudience(arguments.Audience),
			jwt.WithRequiredClaim(jwt.ExpirationKey),
			// Without it a token is refused whose iat is a moment ahead of this clock.
			jwt.WithAcceptableSkew(5*time.Second),
		)
		if err != nil {
			return nil, err
		}
		return claims, lines.RequireTyp(token, arguments.Typ)
	})
}
