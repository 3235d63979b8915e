// Package lines holds what the verifiers have in common: how they are called and how they answer.
package lines

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Arguments is what a verifier is told: where the keys are, what tokens must say, how long to keep
// the keys, and whether to keep them no longer than that (`strict`) where the library would.
type Arguments struct {
	JwksURI, Issuer, Audience string
	Cache                     time.Duration
	IsStrict                  bool
}

// Read reads the arguments of the command line.
func Read() Arguments {
	seconds, err := strconv.ParseFloat(os.Args[4], 64)
	if err != nil {
		panic(err)
	}
	cache := time.Duration(seconds * float64(time.Second))
	return Arguments{
		JwksURI:  os.Args[1],
		Issuer:   os.Args[2],
		Audience: os.Args[3],
		Cache:    cache,
		IsStrict: len(os.Args) > 5 && os.Args[5] == "strict",
	}
}

// Answer answers each line of standard input, a token, by a line: "ok", or "error" and why verify has
// rejected it.
func Answer(verify func(token string) error) {
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		if err := verify(input.Text()); err != nil {
			fmt.Println("error", strings.Join(strings.Fields(err.Error()), " "))
		} else {
			fmt.Println("ok")
		}
	}
}
