// Package arch_test holds the packages of this module to the rules of who may
// import whom. The rules are listed in rule_test.go; offences applies them to
// every Go file, whatever its build constraints.
package arch_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPackagesImportOnlyWhatTheirRuleAllows(t *testing.T) {
	t.Parallel()
	found, err := offences(os.DirFS("../.."))
	require.NoError(t, err)
	for _, offence := range found {
		t.Error(offence)
	}
}

func TestForbiddenImportIsFoundWithItsFileAndRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, imported string
		want                 string // the rule that is broken; empty when none is
	}{
		{"the domain on the standard library", "internal/shift/plan.go", "math/big", ""},
		{"the domain on a module", "internal/shift/plan.go", "github.com/aws/smithy-go", "internal/shift imports the standard library, and nothing else"},
		{"the domain on the contract", "internal/shift/plan.go", module + "/internal/flow", "internal/shift imports the standard library, and nothing else"},
		{"the domain on its statistics", "internal/shift/plan.go", module + "/internal/shift/judge", ""},
		{"the domain's statistics on the domain", "internal/shift/judge/judge.go", module + "/internal/shift", "internal/shift/judge imports the standard library, and nothing else"},
		{"a test of the domain on itself", "internal/shift/plan_test.go", module + "/internal/shift", ""},
		{"a test of the domain on testify", "internal/shift/plan_test.go", "github.com/stretchr/testify/assert", ""},
		{"testify outside of a test", "internal/shift/plan.go", "github.com/stretchr/testify/assert", "internal/shift imports"},
		{"a package whose name only begins alike", "internal/task/x.go", module + "/internal/flowers", "internal/task imports"},
		{"an adapter on the SDK", "internal/gate/alarm/gate.go", "github.com/aws/aws-sdk-go-v2/service/cloudwatch", ""},
		{"an adapter on the contract's names", "internal/announce/emf/announcer.go", module + "/internal/flow", ""},
		{"an adapter on a task", "internal/announce/emf/announcer.go", module + "/internal/task", "internal/announce/* imports"},
		{"an adapter on another of its port", "internal/gate/alarm/gate.go", module + "/internal/gate/metric", "internal/gate/* imports"},
		{"an adapter on the local cloud", "internal/gate/alarm/gate.go", module + "/internal/localaws", "internal/gate/* imports"},
		{"an adapter's test on the local cloud", "internal/gate/alarm/gate_test.go", module + "/internal/localaws", ""},
		{"a folder below its rule's on its top", "internal/world/scenarios/canary.go", module + "/internal/world", ""},
		{"a local service on the cloud that joins it", "internal/localaws/dynamodb/table.go", module + "/internal/localaws", "internal/localaws/dynamodb imports"},
		{"a local service on another one", "internal/localaws/lambda/api.go", module + "/internal/localaws/ssm", "internal/localaws/lambda imports"},
		{"a Lambda on the parser of YAML", "internal/assembly/opendeployment/opendeployment.go", module + "/internal/strictyaml", "internal/assembly imports"},
		{"the one Lambda that reads YAML on its parser", "internal/assembly/publishversion/publishversion.go", module + "/internal/strictyaml", ""},
		{"a task on the parser of YAML", "internal/task/publish_version.go", module + "/internal/strictyaml", "internal/task imports"},
		{"requests on the parser of YAML", "internal/request/appspec.go", module + "/internal/strictyaml", "internal/request imports"},
		{"the local AWS on the domain", "internal/localaws/cloud.go", module + "/internal/shift", "internal/localaws imports"},
		{"the state machine on CDK", "statemachine/state.go", "github.com/aws/aws-cdk-go/awscdk/v2", ""},
		{"the golden definition on CDK", "statemachine/asl/definition.go", "github.com/aws/aws-cdk-go/awscdk/v2", "statemachine/asl imports"},
		{"the local world on the golden definition", "internal/world/world.go", module + "/statemachine/asl", ""},
		{"the local world on the state machine", "internal/world/world.go", module + "/statemachine", "internal/world imports"},
		{"the local world on its attackers", "internal/world/world.go", module + "/internal/proof", "internal/world imports"},
		{"an attack on the handlers", "internal/proof/run_test.go", module + "/internal/task", "internal/proof imports"},
		{"the operator's words on the SDK", "internal/operator/execution.go", "github.com/aws/aws-sdk-go-v2/aws", "internal/operator imports"},
		{"an operator's adapter on the ledger", "internal/operator/lambdanet/net.go", module + "/internal/ledger/dynamo", "internal/operator/* imports"},
		{"the command on an operator's adapter", "internal/cmd/sluice/start.go", module + "/internal/operator/stepfunctions", ""},
		{"the command on a service's client", "internal/cmd/sluice/start.go", "github.com/aws/aws-sdk-go-v2/service/sfn", "internal/cmd/* imports"},
		{"the command on a Lambda", "internal/cmd/sluice/main.go", module + "/functions/rollback", "internal/cmd/* imports"},
		{"a Lambda on the stack", "functions/rollback/main.go", module + "/infra", "functions/* imports"},
		{"what anybody's pipeline takes on the domain", "infra/pipeline/shift.go", module + "/internal/shift", "infra/pipeline imports"},
		{"a package that nobody thought of", "internal/util/strings.go", "strings", "no rule is about internal/util"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found, err := offences(fstest.MapFS{
				test.file: {Data: []byte("package p\n\nimport _ " + strconv.Quote(test.imported) + "\n")},
			})
			require.NoError(t, err)
			if test.want == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			assert.Contains(t, found[0], test.file)
			assert.Contains(t, found[0], test.want)
		})
	}
}

// offences lists the imports in a module's Go files that break a rule, each with
// its file and the rule.
func offences(root fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && isForeign(name):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		offending, err := offencesOf(root, name)
		found = append(found, offending...)
		return err
	})
	return found, err
}

// isForeign tells folders that hold no package of the module: those that the go
// command leaves out, and what other tools install.
func isForeign(folder string) bool {
	base := path.Base(folder)
	hidden := folder != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_"))
	return hidden || slices.Contains([]string{"testdata", "vendor", "node_modules", "cdk.out"}, base)
}

func offencesOf(root fs.FS, file string) ([]string, error) {
	imports, err := importsOf(root, file)
	if err != nil {
		return nil, err
	}
	folder := path.Dir(file)
	r, about, ok := ruleFor(folder)
	if !ok {
		return []string{fmt.Sprintf("%s: no rule is about %s: add one to rules", file, folder)}, nil
	}
	var found []string
	for _, imported := range imports {
		if !r.allows(about, strings.HasSuffix(file, "_test.go"), imported) {
			found = append(found, fmt.Sprintf("%s imports %s, but %s", file, imported, r))
		}
	}
	return found, nil
}

func importsOf(root fs.FS, file string) ([]string, error) {
	source, err := fs.ReadFile(root, file)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		imports = append(imports, imported)
	}
	return imports, nil
}
