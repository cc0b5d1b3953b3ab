package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"sluice/internal/flow"
)

// settings are the arguments for the cdk command, and the content of cdk.json.
type settings struct {
	args []string
	file []byte
}

func readSettings(args []string) (settings, error) {
	file, err := os.ReadFile("cdk.json")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return settings{}, fmt.Errorf("read the CDK's settings: %w", err)
	}
	return settings{args: args, file: file}, nil
}

// The qualifier distinguishes several bootstraps in one account. These are its context key and
// the CDK's default.
const (
	qualifierKey     = "@aws-cdk/core:bootstrapQualifier"
	defaultQualifier = "hnb659fds"
)

func (s settings) qualifier() string { return s.find(qualifierKey, defaultQualifier) }

// namePrefix is the name of the ledger's table, too.
func (s settings) namePrefix() string { return s.find("namePrefix", flow.DefaultNamePrefix) }

// find returns the last value in the arguments, or the one in cdk.json, or the default. The
// stack itself reports a value that is not valid.
func (s settings) find(name, otherwise string) string {
	for i, arg := range slices.Backward(s.args) {
		if i > 0 && (s.args[i-1] == "-c" || s.args[i-1] == "--context") {
			arg = "--context=" + arg
		}
		if value, ok := strings.CutPrefix(arg, "--context="+name+"="); ok {
			return value
		}
	}
	var cdk struct{ Context map[string]any }
	// The cdk command itself reports a problem with the file.
	if json.Unmarshal(s.file, &cdk) == nil {
		if value, ok := cdk.Context[name].(string); ok {
			return value
		}
	}
	return otherwise
}
