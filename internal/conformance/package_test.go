package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packagePage is the page on the package, which make package writes.
const packagePage = "../../infra/package/README.md"

// newPackageFolder returns a folder with what make package has written.
func newPackageFolder(t *testing.T) string {
	t.Helper()
	const made = "../../dist/package"
	if _, err := os.Stat(filepath.Join(made, "sluice.template.json")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("SKIPPED: there is no dist/package (make package)")
	}
	folder := filepath.Join(t.TempDir(), "package")
	require.NoError(t, os.CopyFS(folder, os.DirFS(made)))
	return folder
}

// person has the aws command and an account at moto.
type person struct {
	t         *testing.T
	variables map[string]string
	config    aws.Config
}

func newPerson(t *testing.T) person {
	t.Helper()
	tools(t)
	needsMoto(t)
	if why := noAWSCommand(t); why != "" {
		t.Skip("SKIPPED: " + why)
	}
	_, port, err := net.SplitHostPort(moto(t))
	require.NoError(t, err)
	endpoint := "http://localhost:" + port // with this name, moto finds a template's bucket in its URL
	return person{
		t:         t,
		variables: map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
		config:    aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")},
	}
}

func (p person) runs(folder string, args ...string) {
	p.t.Helper()
	require.NoError(p.t, run(p.t, folder, p.variables, "aws", args...))
}

// Somebody with nothing but the aws command does what the page says. moto does not split the
// default of a list of texts, as CloudFormation does, so this gives one.
func TestThePackageIsDeployedWithTheAWSCommand(t *testing.T) {
	t.Parallel()
	p, folder := newPerson(t), newPackageFolder(t)
	page, err := os.ReadFile(packagePage)
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```console\n(.*?)```").FindStringSubmatch(string(page))
	require.NotNil(t, block)
	for _, line := range strings.Split(strings.TrimSpace(block[1]), "\n") {
		args := strings.Fields(strings.TrimPrefix(line, "$ aws "))
		if args[1] == "deploy" {
			args = append(args, "--parameter-overrides", "NotifyOn=Promoted,RolledBack", "NamePrefix=shop", "Panel=on", "Chat=on", "MacroName=Sluice", "NotificationEmail=a@example.com")
		}
		p.runs(folder, args...)
	}
	stacks, err := cloudformation.NewFromConfig(p.config).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("sluice")})
	require.NoError(t, err)
	assert.Equal(t, "CREATE_COMPLETE", string(stacks.Stacks[0].StackStatus))
	_, err = sfn.NewFromConfig(p.config).DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: aws.String("arn:aws:states:eu-west-1:123456789012:stateMachine:shop")})
	require.NoError(t, err)
	_, err = dynamodb.NewFromConfig(p.config).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("shop")})
	require.NoError(t, err)
	p.hasTheZips(folder)
}

// hasTheZips compares the code of all functions with the package.
func (p person) hasTheZips(folder string) {
	p.t.Helper()
	zips, err := filepath.Glob(filepath.Join(folder, "*.zip"))
	require.NoError(p.t, err)
	found := 0
	for _, zip := range zips {
		name := strings.TrimSuffix(filepath.Base(zip), ".zip")
		if name == "hook-preload" || name == "hook-endpoint" { // HookEndpoint is off
			continue
		}
		function, err := lambda.NewFromConfig(p.config).GetFunctionConfiguration(context.Background(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("shop-" + name)})
		require.NoError(p.t, err, name)
		content, err := os.ReadFile(zip)
		require.NoError(p.t, err)
		sum := sha256.Sum256(content)
		assert.Equal(p.t, base64.StdEncoding.EncodeToString(sum[:]), *function.CodeSha256, name)
		found++
	}
	assert.Greater(p.t, found, 10)
}

// The aws command also uploads what a nested application names.
func TestTheSAMExampleIsPackagedWithTheAWSCommand(t *testing.T) {
	t.Parallel()
	p, folder := newPerson(t), filepath.Dir(newPackageFolder(t))
	sam, err := os.ReadFile("../../infra/package/sam/template.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "template.yaml"), sam, 0o600))
	p.runs(folder, "s3", "mb", "s3://my-bucket")
	p.runs(folder, "cloudformation", "package", "--template-file", "template.yaml", "--s3-bucket", "my-bucket", "--output-template-file", "packaged.yaml")
	packaged, err := os.ReadFile(filepath.Join(folder, "packaged.yaml"))
	require.NoError(t, err)
	nested := regexp.MustCompile(`Location: \S+/my-bucket/(\S+)`).FindStringSubmatch(string(packaged))
	require.NotNil(t, nested, "%s", packaged)
	p.runs(folder, "s3", "cp", "s3://my-bucket/"+nested[1], "nested")
	inner, err := os.ReadFile(filepath.Join(folder, "nested"))
	require.NoError(t, err)
	assert.NotContains(t, string(inner), ".zip")
	assert.Equal(t, 13, strings.Count(string(inner), "S3Bucket: my-bucket"), "of each Lambda and of the layer")
}
