package readme

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// frontEndBlocks are the page's blocks of a language.
func frontEndBlocks(t *testing.T, language string) []string {
	t.Helper()
	return pageAt(t, frontEndPage).in("", language)
}

// givenSettings are the values that the page's commands give to each setting.
func givenSettings(t *testing.T) map[string][]string {
	t.Helper()
	known, err := os.ReadFile(filepath.Join(root, "infra", "settings.go"))
	require.NoError(t, err)
	given := map[string][]string{}
	for _, text := range frontEndBlocks(t, "console") {
		for line := range strings.Lines(text) {
			require.Regexp(t, `^\$ make deploy SETTINGS="(-c [^= ]+=[^ "]+ ?)+"\n$`, line)
		}
		for _, s := range regexp.MustCompile(`-c ([^= ]+)=([^ "]+)`).FindAllStringSubmatch(text, -1) {
			assert.Contains(t, string(known), `"`+s[1]+`"`, "the stack knows the setting")
			given[s[1]] = append(given[s[1]], s[2])
		}
	}
	return given
}

// A stack with the page's settings takes every input of the page, and each of its targets can
// take the plan.
func TestTheInputsOfThePageOnFrontEndsAreUnderstood(t *testing.T) {
	t.Parallel()
	given := givenSettings(t)
	assert.Equal(t, []string{"create"}, given[flow.CloudFront.Setting])
	ends, err := request.ParseFrontEnds("arn:aws:cloudfront::123456789012:key-value-store/a1",
		strings.Join(given[flow.Route53.Setting], " "), strings.Join(given[flow.Switch.Setting], " "))
	require.NoError(t, err)
	inputs := append(frontEndBlocks(t, "json"), builtInput(t))
	assert.Len(t, inputs, 6)
	kinds := map[string]bool{}
	for _, text := range inputs {
		release, err := request.Reader{FrontEnds: ends}.Input(json.RawMessage(text))
		require.NoError(t, err, text)
		var targets []shift.Target
		for _, a := range release.Arrivals {
			targets = append(targets, a.Target)
			kinds[a.Target.Kind()] = true
			if a.Target.Kind() == shift.KindCloudFront {
				site, err := flow.ParseSite(a.Detail)
				require.NoError(t, err)
				assert.Contains(t, given["releaseBuckets"], site.Bucket, "publish-version may look there")
			}
		}
		assert.NoError(t, shift.CheckPlan(flow.LimitedBy(targets), release.Steps), text)
	}
	assert.Len(t, kinds, len(flow.Kinds))
}

// builtInput is what the page's build leaves for the deployment.
func builtInput(t *testing.T) string {
	t.Helper()
	buildspec := frontEndBlocks(t, "yaml")[1]
	command := regexp.MustCompile(`(?m)^ *- (printf .*) > deployment\.json$`).FindStringSubmatch(buildspec)
	require.NotNil(t, command)
	assert.Contains(t, buildspec, "files: [deployment.json]")
	output, err := exec.CommandContext(t.Context(), "bash", "-c", `RELEASE=2026-11-29.1; `+command[1]).Output()
	require.NoError(t, err)
	assert.Contains(t, string(output), `"release":"2026-11-29.1"`)
	return string(output)
}

// associationTemplate is a distribution with the association of the page.
func associationTemplate(t *testing.T) string {
	t.Helper()
	var indented strings.Builder
	for line := range strings.Lines(frontEndBlocks(t, "yaml")[0]) {
		indented.WriteString("          " + line)
	}
	return `
Resources:
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{Id: site, DomainName: site.s3.eu-west-1.amazonaws.com, S3OriginConfig: {OriginAccessIdentity: ""}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: redirect-to-https
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
` + indented.String()
}

func TestThePermissionsOfThePageOnFrontEndsAreThoseOfTheStack(t *testing.T) {
	t.Parallel()
	template, err := os.ReadFile(filepath.Join(root, "infra", "testdata", "sluice-front-ends.template.json"))
	require.NoError(t, err)
	_, table, found := strings.Cut(pageAt(t, frontEndPage).text, "| setting | functions that read |")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	named := map[string]bool{}
	for _, action := range regexp.MustCompile("`(?:([a-z0-9-]+):)?([A-Z][A-Za-z]+)`").FindAllStringSubmatch(table, -1) {
		assert.Regexp(t, `"`+action[1]+`[a-z0-9-]*:?`+action[2]+`"`, string(template))
		named[action[2]] = true
	}
	for _, action := range regexp.MustCompile(`"(?:cloudfront|cloudfront-keyvaluestore|s3|route53):(\w+)"`).FindAllStringSubmatch(string(template), -1) {
		assert.True(t, named[action[1]] || strings.HasPrefix(action[1], "ChangeResourceRecordSets"), "%s is not on the page", action[1])
	}
}

func TestTheLagsOnThePageOnFrontEndsAreThoseThatCount(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`\| lag that Sluice counts on \| none \| (\d) minute \| (\d) minutes, [^|]* \| (\d) minutes \|`).FindStringSubmatch(pageAt(t, frontEndPage).text)
	require.NotNil(t, row)
	for i, k := range []flow.Kind{flow.CloudFront, flow.Route53, flow.Switch} {
		assert.Equal(t, k.Rules.Lag, 60*shift.Seconds(row[i+1][0]-'0'), k.Title)
	}
}
