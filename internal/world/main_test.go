package world

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"testing"

	"sluice/internal/localaws/iam"
)

// The golden templates of package infra: with the default settings, and with a pattern of
// names, for which PATTERN is the placeholder.
const (
	stackTemplate  = "../../infra/testdata/sluice.template.json"
	byNameTemplate = "../../infra/testdata/sluice-by-name.template.json"
)

// TestMain keeps the handlers' log lines out of the tests' output, and enforces the stack's
// policies in all tests.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	EnforcePolicies(stackRoles)
	os.Exit(m.Run())
}

// stackRoles returns the roles of the stack at a place. All ARNs of the local cloud are in the
// partition aws.
func stackRoles(region, account, pattern string) iam.Template {
	file := stackTemplate
	if pattern != "" {
		file = byNameTemplate
	}
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	text = bytes.ReplaceAll(text, []byte("PATTERN"), []byte(pattern))
	template, err := iam.Parse(text, iam.Place{Partition: "aws", Region: region, Account: account})
	if err != nil {
		panic(err)
	}
	return template
}
