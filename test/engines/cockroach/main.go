// Says of each statement, a JSON string a line, what CockroachDB's own parser has against it: a JSON
// string a line, empty for nothing.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/parser"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var text, said string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			panic(err)
		}
		if _, err := parser.Parse(text); err != nil {
			said = err.Error()
		}
		if err := answers.Encode(said); err != nil {
			panic(err)
		}
	}
}
