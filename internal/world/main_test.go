package world

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"testing"

	"sluice/internal/localaws/iam"
)

// The synthesized templates, as package infra keeps them: with the default settings,
// and with a pattern of names, for which PATTERN stands.
const (
	stackTemplate  = "../../infra/testdata/sluice.template.json"
	byNameTemplate = "../../infra/testdata/sluice-by-name.template.json"
)

// TestMain keeps the handlers' log lines out of the tests' output, and has everything
// played with the stack's policies.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	EnforcePolicies(stackRoles)
	os.Exit(m.Run())
}

// stackRoles are the roles of the stack at a place. The local cloud's ARNs are all of
// the partition aws.
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
