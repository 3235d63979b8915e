// Package lines holds what the verifiers have in common: how they are called and how they answer.
package lines

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Arguments is what a verifier is told: where the keys are, what tokens must say, how long to keep
// the keys, and whether to keep them no longer than that (`strict`) where the library would.
type Arguments struct {
	JwksURI, Issuer, Audience, Typ string
	Cache                          time.Duration
	IsStrict                       bool
}

// Read reads the arguments of the command line.
func Read() Arguments {
	seconds, err := strconv.ParseFloat(os.Args[5], 64)
	if err != nil {
		panic(err)
	}
	cache := time.Duration(seconds * float64(time.Second))
	return Arguments{
		JwksURI:  os.Args[1],
		Issuer:   os.Args[2],
		Audience: os.Args[3],
		Typ:      os.Args[4],
		Cache:    cache,
		IsStrict: len(os.Args) > 6 && os.Args[6] == "strict",
	}
}

// Answer answers each line of standard input, a token, by a line: "ok" and the claims, or "error" and
// why verify has rejected it.
func Answer(verify func(token string) (claims any, err error)) {
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		claims, err := verify(input.Text())
		if err != nil {
			fmt.Println("error", strings.Join(strings.Fields(err.Error()), " "))
			continue
		}
		text, err := json.Marshal(claims)
		if err != nil {
			panic(err)
		}
		fmt.Println("ok", string(text))
	}
}

// RequireTyp is for those that do not look at the typ of a token: it fails unless it is this one. The
// token has been verified.
func RequireTyp(token, typ string) error {
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return err
	}
	var header struct{ Typ string }
	if err := json.Unmarshal(text, &header); err != nil {
		return err
	}
	if header.Typ != typ {
		return errors.New("typ " + header.Typ)
	}
	return nil
}
