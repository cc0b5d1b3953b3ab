package readme

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// written is a file that holds a text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run runs a checker that is not on every machine, and skips where it is missing.
func run(t *testing.T, command string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(command); err != nil {
		t.Skipf("skipped: %s is not installed", command)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	output, err := exec.CommandContext(ctx, command, args...).CombinedOutput()
	assert.NoError(t, err, "%s %s:\n%s", command, strings.Join(args, " "), output)
}

// One run of cfn-lint reads all templates of the pages: most of its time is its start.
func TestTheTemplatesOfThePagesAreCorrect(t *testing.T) {
	t.Parallel()
	adopt := pageAt(t, adoptPage)
	templates := map[string]string{
		"adopt CloudFormation":               adopt.only(t, "CloudFormation", "yaml"),
		"adopt SAM":                          adopt.only(t, "SAM", "yaml"),
		"adopt Serverless Framework":         serverlessTemplate(t),
		"front ends":                         associationTemplate(t),
		"migrate SAM":                        migrationYAML(t, "SAM"),
		"migrate CloudFormation":             migrationYAML(t, "CloudFormation"),
		"migrate CloudFormation after macro": withoutTransform(t, migrated(t, migrationYAML(t, "CloudFormation")).Text), // SAM's Expand makes no whole template
	}
	for name, resources := range customResources(t) {
		whole, err := json.Marshal(map[string]any{
			"Parameters": map[string]any{"CodeBucket": map[string]string{"Type": "String"}, "CodeKey": map[string]string{"Type": "String"}},
			"Resources":  resources,
		})
		require.NoError(t, err)
		templates["custom resource, "+name] = string(whole)
	}
	folder := t.TempDir()
	var files []string
	for name, text := range templates {
		file := filepath.Join(folder, name+".yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		files = append(files, file)
	}
	run(t, "cfn-lint", files...)
}

// serverlessTemplate is what the Serverless Framework makes of its resources. What it adds is only
// hinted at: the function that the resources refer to.
func serverlessTemplate(t *testing.T) string {
	t.Helper()
	_, resources, found := strings.Cut(pageAt(t, adoptPage).only(t, "Serverless Framework", "yaml"), "\nresources:\n")
	require.True(t, found)
	lines := strings.Split(strings.TrimRight(resources, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n") + `
  OrdersLambdaFunction:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::111122223333:role/orders
      Runtime: nodejs22.x
      Handler: index.handler
      Code: { ZipFile: "exports.handler = async () => 1" }
`
}

// terraform validate would need the AWS provider, whose schema no package registry has.
func TestTheTerraformFileOfThePageIsWellFormed(t *testing.T) {
	t.Parallel()
	run(t, "terraform", "fmt", "-check", "-diff", written(t, "main.tf", pageAt(t, adoptPage).only(t, "Terraform", "terraform")))
}
