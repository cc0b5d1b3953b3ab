package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/iam"
	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/strictyaml"
	"github.com/sluice-aws/sluice/internal/world"
)

const actionFile = "../../../action.yml"

// readYAML reads a YAML file into a value.
func readYAML(t *testing.T, file string, value any) {
	t.Helper()
	var problems strictjson.Problems
	text, _ := strictyaml.Convert([]byte(readText(t, file)), &problems)
	require.Empty(t, problems.List(), file)
	require.NoError(t, json.Unmarshal(text, value), file)
}

type actionStep struct {
	ID, Run, Shell string
	Env            map[string]string
}

type action struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	readYAML(t, actionFile, &a)
	require.Len(t, a.Runs.Steps, 2)
	return a
}

// needsTools skips a test of scripts where their tools are missing.
func needsTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := osexec.LookPath(name); err != nil {
			t.Skipf("SKIPPED: the scripts for CI are not run: there is no %s", name)
		}
	}
}

// publish makes a release on this machine whose command is the tests' binary. It returns the URL of
// the releases, and the checksum of the archive.
func publish(t *testing.T, version, system, arch string) (url, sum string) {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", asCommand, binary)
	name, archive := fmt.Sprintf("sluice_%s_%s_%s", version, system, arch), []byte(nil)
	if system == "windows" {
		name, archive = name+".zip", zipOf(t, map[string]string{"LICENSE": "Apache 2.0", "sluice.exe": script})
	} else {
		name, archive = name+".tar.gz", tarOf(t, map[string]string{"LICENSE": "Apache 2.0", "sluice": script})
	}
	folder := t.TempDir()
	release := filepath.Join(folder, "v"+version)
	require.NoError(t, os.Mkdir(release, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(release, name), archive, 0o600))
	sum = fmt.Sprintf("%x", sha256.Sum256(archive))
	other := strings.Repeat("0", 64)
	sums := fmt.Sprintf("%s  sluice-package_%s.zip\n%s  %s\n%s  other_%s\n", other, version, sum, name, other, name)
	require.NoError(t, os.WriteFile(filepath.Join(release, "checksums.txt"), []byte(sums), 0o600))
	return "file://" + folder, sum
}

func tarOf(t *testing.T, texts map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	files := tar.NewWriter(zipped)
	for name, text := range texts {
		require.NoError(t, files.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}))
		_, err := files.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	return archive.Bytes()
}

func zipOf(t *testing.T, texts map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	files := zip.NewWriter(&archive)
	for name, text := range texts {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate}
		header.SetMode(0o755)
		file, err := files.CreateHeader(header)
		require.NoError(t, err)
		_, err = file.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, files.Close())
	return archive.Bytes()
}

// runner is a runner of GitHub Actions, as far as the action knows it.
type runner struct {
	t      *testing.T
	folder string
	env    map[string]string
	path   string
}

func newRunner(t *testing.T, endpoint, releases string) *runner {
	t.Helper()
	r := &runner{t: t, folder: t.TempDir(), path: os.Getenv("PATH")}
	r.env = map[string]string{
		"CI": "true", "GITHUB_ACTIONS": "true", "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_TEMP": filepath.Join(r.folder, "temp dir"),
		"GITHUB_OUTPUT": r.file("output"), "GITHUB_PATH": r.file("path"), "GITHUB_STEP_SUMMARY": r.file("summary"), "HOME": r.folder, "SLUICE_RELEASES": releases,
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
	}
	return r
}

func (r *runner) file(name string) string { return filepath.Join(r.folder, name) }

// runs runs a step, with the values of some inputs, in a folder with the deployment's file.
func (r *runner) runs(step actionStep, inputs map[string]string) (output string, err error) {
	r.t.Helper()
	assert.Equal(r.t, "bash", step.Shell)
	cmd := osexec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
	cmd.Dir = r.folder
	cmd.Env = []string{"PATH=" + r.path}
	for name, value := range r.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	for name, expression := range step.Env {
		input := strings.TrimSuffix(strings.TrimPrefix(expression, "${{ "), " }}")
		cmd.Env = append(cmd.Env, name+"="+inputs[strings.TrimPrefix(input, "inputs.")])
	}
	out, err := cmd.CombinedOutput()
	if added, readErr := os.ReadFile(r.env["GITHUB_PATH"]); readErr == nil {
		r.path = strings.TrimSpace(string(added)) + ":" + os.Getenv("PATH")
	}
	return string(out), err
}

func TestActionInstallsAReleaseAndDeploys(t *testing.T) {
	t.Parallel()
	needsTools(t, "bash", "curl", "tar", "awk")
	a := readAction(t)
	releases, sum := publish(t, "0.1.0", "linux", "amd64")
	account := startLocal(t, "--speed", "600")
	r := newRunner(t, account.endpoint, releases)
	require.NoError(t, os.WriteFile(r.file("my deployment.json"), []byte(canary5), 0o600))
	inputs := map[string]string{"github.action_ref": "v0.1.0", "sha256": sum, "file": "my deployment.json", "name": "release-7", "arguments": "--patience\n1m\n\n"}
	output, err := r.runs(a.Runs.Steps[0], inputs)
	require.NoError(t, err, output)
	output, err = r.runs(a.Runs.Steps[1], inputs)
	require.NoError(t, err, output)
	assert.Contains(t, output, "::group::Deployment release-7\n")
	assert.Contains(t, readText(t, r.env["GITHUB_STEP_SUMMARY"]), "## ✅ Sluice: Promoted lambda&#58;orders&#58;live")
	told := readText(t, r.env["GITHUB_OUTPUT"])
	for name, output := range a.Outputs {
		assert.Equal(t, "${{ steps.deploy.outputs."+name+" }}", output.Value)
		assert.Regexp(t, `(?m)^`+name+`=`, told)
	}
	assert.Contains(t, told, "outcome=Promoted\n")
	assert.Contains(t, told, "execution=arn:aws:states:us-east-1:123456789012:execution:sluice:release-7\n")
}

const canary5 = `{"function": "orders", "strategy": "Canary10Percent5Minutes"}`

// A bad outcome fails the job, and its outputs and its summary are there.
func TestActionFailsWithTheOutcome(t *testing.T) {
	t.Parallel()
	needsTools(t, "bash", "curl", "tar", "awk")
	a := readAction(t)
	releases, _ := publish(t, "0.1.0", "darwin", "arm64")
	account := startLocal(t, "--speed", "600", "-s", writeFile(t, "scenario.json", `{"candidate": {"errorRate": 0.5}}`))
	r := newRunner(t, account.endpoint, releases)
	r.env["RUNNER_OS"], r.env["RUNNER_ARCH"] = "macOS", "ARM64"
	require.NoError(t, os.WriteFile(r.file("deployment.json"), []byte(canary5), 0o600))
	output, err := r.runs(a.Runs.Steps[0], map[string]string{"version": "v0.1.0"})
	require.NoError(t, err, output)
	output, err = r.runs(a.Runs.Steps[1], map[string]string{"file": a.Inputs["file"].Default})
	assert.EqualError(t, err, "exit status 1", output)
	assert.Contains(t, output, "::error title=Sluice%3A RolledBack::CandidateWorse: ")
	assert.Contains(t, readText(t, r.env["GITHUB_OUTPUT"]), "outcome=RolledBack\n")
	assert.Contains(t, readText(t, r.env["GITHUB_STEP_SUMMARY"]), "RolledBack")
}

// The archive for Windows is a zip. A shell of Windows finds sluice.exe by the name sluice; here a
// link stands for that.
func TestActionInstallsTheArchiveForWindows(t *testing.T) {
	t.Parallel()
	needsTools(t, "bash", "curl", "unzip", "awk")
	a := readAction(t)
	releases, sum := publish(t, "0.1.0", "windows", "amd64")
	account := startLocal(t, "--speed", "600")
	r := newRunner(t, account.endpoint, releases)
	r.env["RUNNER_OS"] = "Windows"
	require.NoError(t, os.WriteFile(r.file("deployment.json"), []byte(canary5), 0o600))
	output, err := r.runs(a.Runs.Steps[0], map[string]string{"version": "0.1.0", "sha256": sum})
	require.NoError(t, err, output)
	folder := strings.TrimSpace(readText(t, r.env["GITHUB_PATH"]))
	assert.NoFileExists(t, filepath.Join(folder, "LICENSE"))
	require.NoError(t, os.Symlink("sluice.exe", filepath.Join(folder, "sluice")))
	output, err = r.runs(a.Runs.Steps[1], map[string]string{"file": "deployment.json"})
	require.NoError(t, err, output)
	assert.Contains(t, readText(t, r.env["GITHUB_OUTPUT"]), "outcome=Promoted\n")
}

// What is not the release is not run.
func TestActionRefusesWhatIsNotTheRelease(t *testing.T) {
	t.Parallel()
	needsTools(t, "bash", "curl", "tar", "awk")
	install := readAction(t).Runs.Steps[0]
	releases, sum := publish(t, "0.1.0", "linux", "amd64")
	for name, tc := range map[string]struct {
		inputs map[string]string
		env    map[string]string
		spoil  bool
		want   string
	}{
		"no version":               {nil, nil, false, "Give the version of a release"},
		"a branch":                 {map[string]string{"github.action_ref": "main"}, nil, false, "Give the version of a release"},
		"a version with a command": {map[string]string{"version": "0.1.0; touch spoiled"}, nil, false, "Give the version of a release"},
		"a version with a folder":  {map[string]string{"version": "../../0.1.0"}, nil, false, "Give the version of a release"},
		"another checksum":         {map[string]string{"version": "0.1.0", "sha256": strings.Repeat("a", 64)}, nil, false, "checksum is not that of the input sha256"},
		"a spoiled archive":        {map[string]string{"version": "0.1.0"}, nil, true, "checksum does not match checksums.txt"},
		"a release that is not":    {map[string]string{"version": "9.9.9"}, nil, false, "cannot be downloaded"},
		"another processor":        {map[string]string{"version": "0.1.0"}, map[string]string{"RUNNER_ARCH": "ARM"}, false, "no release for this processor"},
		"another system":           {map[string]string{"version": "0.1.0"}, map[string]string{"RUNNER_OS": "Plan9"}, false, "no release for this operating system"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := releases
			if tc.spoil {
				from, _ = publish(t, "0.1.0", "linux", "amd64")
				file := filepath.Join(strings.TrimPrefix(from, "file://"), "v0.1.0", "sluice_0.1.0_linux_amd64.tar.gz")
				require.NoError(t, os.WriteFile(file, []byte("spoiled"), 0o600))
			}
			r := newRunner(t, "", from)
			for name, value := range tc.env {
				r.env[name] = value
			}
			output, err := r.runs(install, tc.inputs)
			assert.EqualError(t, err, "exit status 2", output)
			assert.Contains(t, output, "::error title=Sluice::")
			assert.Contains(t, output, tc.want)
			assert.NoFileExists(t, r.file("spoiled"))
			assert.NoFileExists(t, r.env["GITHUB_PATH"], "nothing of it is found by the next step")
		})
	}
	assert.NotEmpty(t, sum)
}

// No input becomes a part of a script.
func TestInputsOfTheActionAreOnlyText(t *testing.T) {
	t.Parallel()
	needsTools(t, "bash")
	a := readAction(t)
	used := map[string]bool{}
	for _, step := range a.Runs.Steps {
		assert.NotContains(t, step.Run, "${{", "GitHub would put the text of an input there")
		for _, expression := range step.Env {
			used[strings.TrimSuffix(strings.TrimPrefix(expression, "${{ inputs."), " }}")] = true
		}
	}
	for name, input := range a.Inputs {
		assert.True(t, used[name], name)
		assert.NotEmpty(t, input.Description, name)
	}
	r := newRunner(t, "", "")
	require.NoError(t, os.WriteFile(r.file("sluice"), []byte("#!/bin/sh\nfor argument; do echo \"<$argument>\"; done\n"), 0o700))
	r.path = r.folder + ":" + r.path
	evil := `$(touch spoiled) "; touch spoiled; ` + "`touch spoiled` * 'x"
	output, err := r.runs(a.Runs.Steps[1], map[string]string{"file": evil, "name": evil, "name-prefix": evil, "state-machine": evil, "region": evil, "arguments": evil + "\r\n\n--verbose\n"})
	require.NoError(t, err, output)
	assert.Equal(t, []string{
		"<start>", "<--wait>", "<--file=" + evil + ">", "<--summary=" + r.file("summary") + ">", "<--output-file=" + r.file("output") + ">",
		"<--name=" + evil + ">", "<--name-prefix=" + evil + ">", "<--state-machine=" + evil + ">", "<--region=" + evil + ">", "<" + evil + ">", "<--verbose>",
	}, strings.Split(strings.TrimSpace(output), "\n"))
	assert.NoFileExists(t, r.file("spoiled"))
}

// The script of the other recipes installs a release, and deploys.
func TestScriptForCIInstallsAReleaseAndDeploys(t *testing.T) {
	t.Parallel()
	needsTools(t, "sh", "curl", "tar", "sha256sum", "grep")
	releases, _ := publish(t, "0.1.0", "linux", runtime.GOARCH)
	account := startLocal(t, "--speed", "600")
	script, err := filepath.Abs("ci/deploy.sh")
	require.NoError(t, err)
	deploys := func(releases, version string) (output, outputs string, err error) {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "deployment.json"), []byte(canary5), 0o600))
		cmd := osexec.Command("sh", script, "--output-file", "outputs.env")
		cmd.Dir = folder
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "CI=true", "GITLAB_CI=true", "SLUICE_RELEASES=" + releases, "SLUICE_VERSION=" + version,
			"AWS_ENDPOINT_URL=" + account.endpoint, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		}
		out, err := cmd.CombinedOutput()
		text, _ := os.ReadFile(filepath.Join(folder, "outputs.env")) // is not there after a failure
		return string(out), string(text), err
	}
	output, outputs, err := deploys(releases, "0.1.0")
	require.NoError(t, err, output)
	assert.Contains(t, output, "section_start:")
	assert.Contains(t, outputs, "outcome=Promoted\n")

	spoiled, _ := publish(t, "0.1.0", "linux", runtime.GOARCH)
	require.NoError(t, os.WriteFile(filepath.Join(strings.TrimPrefix(spoiled, "file://"), "v0.1.0", "checksums.txt"), nil, 0o600))
	output, outputs, err = deploys(spoiled, "0.1.0")
	assert.Error(t, err, output)
	assert.Empty(t, outputs)
	output, _, err = deploys(releases, "")
	assert.Error(t, err)
	assert.Contains(t, output, "say which release to use")
}

// textsIn returns all texts of a value of JSON.
func textsIn(value any) (list []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, each := range v {
			list = append(list, textsIn(each)...)
		}
	case map[string]any:
		for _, each := range v {
			list = append(list, textsIn(each)...)
		}
	}
	return list
}

var calledInRecipe = regexp.MustCompile("(?m)(?:^|[ `])(?:\\./)?(sluice [a-z]+[^`'\\n]*('[^']*')?|sh deploy\\.sh[^\\n`]*)")

// Every recipe can be read, and every command in it is known, with its flags.
func TestRecipesForCIAreTrue(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("ci/*")
	require.NoError(t, err)
	var commands []string
	for _, file := range files {
		texts := []string{readText(t, file)}
		if filepath.Ext(file) == ".yml" {
			var recipe map[string]any
			readYAML(t, file, &recipe)
			texts = textsIn(recipe)
		}
		for _, text := range texts {
			for _, found := range calledInRecipe.FindAllStringSubmatch(text, -1) {
				commands = append(commands, found[1])
			}
		}
	}
	assert.Greater(t, len(commands), 8)
	for _, text := range commands {
		args := strings.Fields(strings.ReplaceAll(regexp.MustCompile(`'[^']*'`).ReplaceAllString(text, "text"), `"$@"`, ""))
		if args[0] == "sh" {
			args = append([]string{"sluice", "start", "--wait", "--file", "deployment.json"}, args[2:]...)
		}
		cmd, rest, err := newRoot(realEnvironment).Find(args[1:])
		require.NoError(t, err, text)
		assert.NoError(t, cmd.ParseFlags(rest), text)
	}
	var github struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]any
			}
		}
	}
	readYAML(t, "ci/github.yml", &github)
	inputs, used := readAction(t).Inputs, 0
	for _, step := range github.Jobs["deploy"].Steps {
		if strings.HasPrefix(step.Uses, "sluice-aws/sluice@v") {
			used++
			for name := range step.With {
				assert.Contains(t, inputs, name)
			}
			assert.Equal(t, strings.TrimPrefix(step.Uses, "sluice-aws/sluice@v"), step.With["version"], "GitHub may name another tag as that of the action")
		}
	}
	assert.Equal(t, 1, used)
	page := readText(t, "ci/README.md")
	for name := range inputs {
		assert.Contains(t, page, "`"+name+"`", "the page tells of every input")
	}
}

// A cancelled job aborts the deployment that it has started, by its name, and one that ends by itself
// aborts nothing.
func TestACancelledJobAbortsItsDeployment(t *testing.T) {
	t.Parallel()
	needsTools(t, "sh")
	var gitlab struct {
		Deploy struct {
			Script []string
			After  []string `json:"after_script"`
		}
	}
	readYAML(t, "ci/gitlab-ci.yml", &gitlab)
	require.Len(t, gitlab.Deploy.After, 1)
	var buildkite struct{ Steps []struct{ Command string } }
	readYAML(t, "ci/buildkite.yml", &buildkite)
	for name, tc := range map[string]struct{ start, after, id, cancelled string }{
		"GitLab":    {gitlab.Deploy.Script[len(gitlab.Deploy.Script)-1], gitlab.Deploy.After[0], "CI_JOB_ID=7", "CI_JOB_STATUS=canceled"},
		"Buildkite": {strings.ReplaceAll(buildkite.Steps[0].Command, "$$", "$"), readText(t, "ci/pre-exit"), "BUILDKITE_JOB_ID=7", "BUILDKITE_JOB_CANCELLED=true"},
	} {
		folder := t.TempDir()
		for _, called := range []string{"deploy.sh", "sluice"} {
			require.NoError(t, os.WriteFile(filepath.Join(folder, called), []byte("#!/bin/sh\necho \"$*\"\n"), 0o700))
		}
		runs := func(script string, env ...string) string {
			cmd := osexec.Command("sh", "-eu", "-c", script)
			cmd.Dir, cmd.Env = folder, append(env, "PATH="+os.Getenv("PATH"), tc.id)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s: %s", name, out)
			return string(out)
		}
		assert.Contains(t, runs(tc.start), "--name deploy-7 ", name)
		assert.Equal(t, "abort deploy-7 --reason the job was cancelled\n", runs(tc.after, tc.cancelled), name)
		assert.Empty(t, runs(tc.after, "CI_JOB_STATUS=success"), name)
	}
}

// Each trust policy accepts one project's jobs, for the audience that its recipe asks for. The page
// has what the provider in IAM takes.
func TestTrustPoliciesForCIAcceptOneProject(t *testing.T) {
	t.Parallel()
	page := readText(t, "ci/README.md")
	for system, tc := range map[string]struct{ provider, audience, project string }{
		"github":    {"token.actions.githubusercontent.com", "sts.amazonaws.com", "repo:OWNER/REPOSITORY:"},
		"gitlab":    {"gitlab.com", "https://gitlab.com", "project_path:GROUP/PROJECT:"},
		"buildkite": {"agent.buildkite.com", "sts.amazonaws.com", "organization:ORGANIZATION:pipeline:PIPELINE:"},
	} {
		file := "trust-" + system + ".json"
		var trust struct {
			Statement []struct {
				Effect, Action string
				Principal      map[string]string
				Condition      map[string]map[string]string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(readText(t, filepath.Join("ci", file))), &trust))
		require.Len(t, trust.Statement, 1, file)
		s := trust.Statement[0]
		assert.Equal(t, "Allow sts:AssumeRoleWithWebIdentity", s.Effect+" "+s.Action)
		assert.Equal(t, map[string]string{"Federated": "arn:aws:iam::123456789012:oidc-provider/" + tc.provider}, s.Principal)
		asked := map[string]string{}
		for operator, keys := range s.Condition {
			for key, value := range keys {
				assert.Equal(t, strings.Contains(value, "*"), operator == "StringLike", "%s: only StringLike reads a *", file)
				asked[key] = value
			}
		}
		assert.Len(t, asked, 2, file)
		assert.Equal(t, tc.audience, asked[tc.provider+":aud"], file)
		assert.True(t, strings.HasPrefix(asked[tc.provider+":sub"], tc.project), file)
		assert.Contains(t, page, "| `https://"+tc.provider+"`", file)
		assert.Contains(t, page, "| `"+tc.audience+"` | ["+file+"]("+file+") |")
	}
	var gitlab struct {
		Deploy struct {
			Tokens map[string]struct{ Aud string } `json:"id_tokens"`
		}
	}
	readYAML(t, "ci/gitlab-ci.yml", &gitlab)
	assert.Equal(t, "https://gitlab.com", gitlab.Deploy.Tokens["AWS_TOKEN"].Aud)
}

// The policy allows what 'sluice start --wait' and 'sluice abort' call, and without any of its
// statements something is denied.
func TestPolicyForCIAllowsWhatAJobCallsAndNothingElse(t *testing.T) {
	t.Parallel()
	text := readText(t, "ci/policy.json")
	whole := readPolicy(t, text)
	assert.Empty(t, denials(t, whole))
	for i, s := range whole.Statements {
		less := iam.Role{Statements: slices.Delete(slices.Clone(whole.Statements), i, i+1)}
		assert.NotEmpty(t, denials(t, less), "nothing needs the statement %s", s.Sid)
		assert.Len(t, s.Actions, 1, "each action stands on its own")
		for _, action := range s.Actions {
			assert.NotContains(t, action, "*")
		}
	}
	for _, r := range []iam.Request{
		{Action: "states:StartExecution", Resource: "arn:aws:states:eu-west-1:123456789012:stateMachine:other"},
		{Action: "states:GetExecutionHistory", Resource: "arn:aws:states:eu-west-1:123456789012:execution:other:one"},
		{Action: "states:StopExecution", Resource: "arn:aws:states:eu-west-1:123456789012:execution:sluice:one"},
		{Action: "dynamodb:UpdateItem", Resource: "arn:aws:dynamodb:eu-west-1:123456789012:table/sluice"},
		{Action: "lambda:UpdateAlias", Resource: "arn:aws:lambda:eu-west-1:123456789012:function:orders"},
		{Action: "lambda:InvokeFunction", Resource: "arn:aws:lambda:eu-west-1:123456789012:function:sluice-rollback"},
	} {
		assert.False(t, whole.Decide(r).Allowed, "%+v", r)
	}
}

// readPolicy reads a policy as that of a role, in a world's region.
func readPolicy(t *testing.T, policy string) iam.Role {
	t.Helper()
	template := `{"Resources": {"ci": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": ` + policy + `}]}}}}`
	read, err := iam.Parse([]byte(template), iam.Place{Partition: "aws", Region: "eu-west-1", Account: "123456789012"})
	require.NoError(t, err)
	return read.Roles["ci"]
}

// denials are the calls that a role denies to a job that starts a deployment, watches and aborts it:
// while it shifts, and while it waits for its turn.
func denials(t *testing.T, role iam.Role) (denied []string) {
	t.Helper()
	const deployment = `{"function": "arn:aws:lambda:eu-west-1:123456789012:function:orders", "whenHeld": "wait", "strategy": "Canary10Percent5Minutes"}`
	for outcome, held := range map[string]bool{"RolledBack": false, "Rejected": true} {
		a := newRemoteWorld(t, deployment, `{}`)
		if held {
			_, err := a.Start("one", json.RawMessage(deployment))
			require.NoError(t, err)
			require.NoError(t, a.Advance(time.Minute))
		}
		calls, already := 0, len(denied)
		a.PermitOthers(func(actor string, needed localaws.Permission) bool {
			if actor != "somebody" { // a service
				return true
			}
			calls++
			allowed := role.Decide(world.RequestFor(needed, nil)).Allowed
			if !allowed {
				denied = append(denied, needed.Action+" on "+needed.Resource)
			}
			return allowed
		})
		aborted := 0
		a.onSleep = func(_ context.Context, passed time.Duration) {
			if passed > time.Minute && aborted == 0 {
				aborted++
				a.run("abort", "deploy-1-1", "--region", "eu-west-1", "--reason", "the job was cancelled")
			}
		}
		got := a.run("start", "-f", writeFile(t, "deployment.json", deployment), "--name", "deploy-1-1", "--region", "eu-west-1", "--wait")
		if len(denied) == already {
			assert.Equal(t, statusFailed, got.status, got.stderr)
			assertInOrder(t, got.stdout, []string{"outcome " + outcome, "cause Aborted: the job was cancelled"})
		}
		assert.NotZero(t, calls)
	}
	return denied
}
