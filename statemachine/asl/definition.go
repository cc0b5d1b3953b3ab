package asl

import (
	_ "embed" // for the golden file
	"fmt"
	"regexp"
	"slices"
)

//go:embed sluice.asl.json
var golden []byte

// partition is the placeholder of the AWS partition; each of the others stands for the
// ARN of a published version of the function of that name.
const partition = "partition"

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// Definition is the state machine's definition for a partition, such as "aws",
// with an ARN filled in for each function: in AWS and in the local world that of a
// published version. It panics for a function that has
// none: half a definition is of no use to anybody.
func Definition(inPartition string, arn func(function string) string) []byte {
	return placeholder.ReplaceAllFunc(golden, func(found []byte) []byte {
		name := named(found)
		if name == partition {
			return []byte(inPartition)
		}
		value := arn(name)
		if value == "" {
			panic(fmt.Sprintf("the definition calls the function %q, which has no ARN here", name))
		}
		return []byte(value)
	})
}

// Functions lists the functions that the definition calls, each once, by name.
func Functions() []string {
	var functions []string
	for _, found := range placeholder.FindAll(golden, -1) {
		if name := named(found); name != partition {
			functions = append(functions, name)
		}
	}
	slices.Sort(functions)
	return slices.Compact(functions)
}

func named(found []byte) string { return string(placeholder.FindSubmatch(found)[1]) }
