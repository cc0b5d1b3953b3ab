// Package cdksettings reads the settings of the stack as the cdk command does: from its
// arguments and from cdk.json.
package cdksettings

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
)

// Settings are the arguments for the cdk command, and the content of cdk.json.
type Settings struct {
	args []string
	file []byte
}

// Read returns the settings in some arguments and in the cdk.json of this folder, if it has one.
func Read(args []string) (Settings, error) {
	file, err := os.ReadFile("cdk.json")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Settings{}, fmt.Errorf("read the CDK's settings: %w", err)
	}
	return Settings{args: args, file: file}, nil
}

// The qualifier distinguishes several bootstraps in one account. These are its context key and
// the CDK's default.
const (
	qualifierKey     = "@aws-cdk/core:bootstrapQualifier"
	defaultQualifier = "hnb659fds"
)

// Qualifier returns the qualifier of CDK's bootstrap.
func (s Settings) Qualifier() string { return s.Find(qualifierKey, defaultQualifier) }

// NamePrefix begins the names of everything in the stack. It is the name of the ledger's table
// and of the state machine.
func (s Settings) NamePrefix() string { return s.Find("namePrefix", flow.DefaultNamePrefix) }

// Find returns the last value in the arguments, or the one in cdk.json, or the default. The
// stack itself reports a value that is not valid.
func (s Settings) Find(name, otherwise string) string {
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
