package asl

import (
	_ "embed" // for the golden file
	"fmt"
	"regexp"
	"slices"
)

//go:embed sluice.asl.json
var golden []byte

// partition is the placeholder of the AWS partition. Every other placeholder is the name of a
// function, and is replaced by the ARN of a published version of it.
const partition = "partition"

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// Definition returns the state machine's definition for a partition, such as "aws", with the ARN
// of each function. In AWS and in the local world these are ARNs of published versions. It
// panics if arn returns "" for a function, because an incomplete definition is useless.
func Definition(inPartition string, arn func(function string) string) []byte {
	return placeholder.ReplaceAllFunc(golden, func(found []byte) []byte {
		name := placeholderName(found)
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
		if name := placeholderName(found); name != partition {
			functions = append(functions, name)
		}
	}
	slices.Sort(functions)
	return slices.Compact(functions)
}

func placeholderName(found []byte) string { return string(placeholder.FindSubmatch(found)[1]) }
