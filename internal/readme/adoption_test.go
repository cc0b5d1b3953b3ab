package readme

import (
	"context"
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

func TestTheCloudFormationTemplatesOfTheReadmeAreCorrect(t *testing.T) {
	t.Parallel()
	for _, section := range []string{"CloudFormation", "SAM"} {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			run(t, "cfn-lint", written(t, "template.yaml", only(t, section, "yaml")))
		})
	}
}

// What the Serverless Framework adds to its template is only hinted at: the function
// that the resources refer to.
func TestTheServerlessResourcesOfTheReadmeAreCorrect(t *testing.T) {
	t.Parallel()
	_, resources, found := strings.Cut(only(t, "Serverless Framework", "yaml"), "\nresources:\n")
	require.True(t, found)
	lines := strings.Split(strings.TrimRight(resources, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	function := `
  OrdersLambdaFunction:
    Type: AWS::Lambda::Function
    Properties:
      Role: arn:aws:iam::111122223333:role/orders
      Runtime: nodejs22.x
      Handler: index.handler
      Code: { ZipFile: "exports.handler = async () => 1" }
`
	run(t, "cfn-lint", written(t, "template.yaml", strings.Join(lines, "\n")+function))
}

// terraform validate would need the AWS provider, whose schema no package registry has.
func TestTheTerraformFileOfTheReadmeIsWellFormed(t *testing.T) {
	t.Parallel()
	run(t, "terraform", "fmt", "-check", "-diff", written(t, "main.tf", only(t, "Terraform", "terraform")))
}
