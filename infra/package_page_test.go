package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var packagePage = filepath.Join("package", "README.md")

// tableOf is the page's table of the parameters.
func tableOf(all []parameter) string {
	lines := []string{"| parameter | default | what it is | setting of `make deploy` |", "|---|---|---|---|"}
	for _, p := range all {
		value := fmt.Sprint(p.declares["Default"])
		if value == "" {
			value = "nothing"
		} else {
			value = "`" + value + "`"
		}
		description := strings.ReplaceAll(fmt.Sprint(p.declares["Description"]), "*", `\*`)
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s | `%s` |", p.name(), value, description, p.setting))
	}
	return strings.Join(lines, "\n")
}

func TestGoldenTableOfTheParameters(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- parameters: written by make golden -->\n", "\n<!-- end of parameters -->"
	text, err := os.ReadFile(packagePage)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	_, after, found := strings.Cut(rest, strings.TrimPrefix(end, "\n"))
	require.True(t, found)
	want := before + begin + "\n" + tableOf(parameters()) + "\n" + end + after
	if *update {
		require.NoError(t, os.WriteFile(packagePage, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(text), "run make golden")
}

// The page says which settings are left to make deploy.
func TestThePageNamesTheSettingsThatAreNoParameters(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(packagePage)
	require.NoError(t, err)
	for _, name := range settingNames {
		if !strings.HasPrefix(name, "pipeline") {
			assert.True(t, strings.Contains(string(text), "`"+name+"`"), name)
		}
	}
}

// snake is a parameter's name in Terraform's spelling.
func snake(name string) string {
	var all strings.Builder
	for i, c := range name {
		if unicode.IsUpper(c) && i > 0 {
			all.WriteByte('_')
		}
		all.WriteRune(unicode.ToLower(c))
	}
	return all.String()
}

// terraformDefault is a parameter's default as Terraform writes it.
func terraformDefault(p parameter, kind string) string {
	value := fmt.Sprint(p.declares["Default"])
	switch kind {
	case "bool", "number":
		return value
	case "list(string)":
		return `["` + strings.Join(strings.Split(value, ","), `", "`) + `"]`
	}
	return `"` + value + `"`
}

// There is no Terraform here that could read it.
func TestTheTerraformModuleHasEveryParameter(t *testing.T) {
	t.Parallel()
	main, err := os.ReadFile("package/terraform/main.tf")
	require.NoError(t, err)
	variables, err := os.ReadFile("package/terraform/variables.tf")
	require.NoError(t, err)
	declared := map[string][]string{}
	for _, v := range regexp.MustCompile(`(?s)variable "(\w+)" \{\n(.*?)\n\}`).FindAllStringSubmatch(string(variables), -1) {
		kind := regexp.MustCompile(`(?m)^  type += (.+)$`).FindStringSubmatch(v[2])
		value := regexp.MustCompile(`(?m)^  default += (.+)$`).FindStringSubmatch(v[2])
		require.NotNil(t, kind, v[1])
		declared[v[1]] = append(kind[1:], append(value, "", "")[1])
	}
	own := []string{"package", "bucket", "bucket_prefix", "stack_name"}
	for _, p := range parameters() {
		name := snake(p.name())
		require.Contains(t, declared, name)
		kind := declared[name][0]
		assert.Equal(t, terraformDefault(p, kind), declared[name][1], name)
		value := "var." + name
		if kind == "list(string)" {
			value = `join(",", ` + value + `)`
		}
		assert.Regexp(t, `(?m)^    `+p.name()+` += `+regexp.QuoteMeta(value)+`$`, string(main))
		own = append(own, name)
	}
	assert.ElementsMatch(t, own, slices.Collect(maps.Keys(declared)))
	for _, used := range regexp.MustCompile(`var\.(\w+)`).FindAllStringSubmatch(string(main), -1) {
		assert.Contains(t, declared, used[1])
	}
	for name := range declared {
		assert.Contains(t, string(main), "var."+name)
	}
	assert.Contains(t, string(main), "/"+templateFile)
}

// The module puts places in S3 where the template names files. Terraform's pattern is Go's.
func TestTheTerraformModuleFindsEveryZip(t *testing.T) {
	main, err := os.ReadFile("package/terraform/main.tf")
	require.NoError(t, err)
	quoted := regexp.MustCompile(`replace\(local\.template, "/(.+)/", `).FindStringSubmatch(string(main))
	require.NotNil(t, quoted)
	pattern := regexp.MustCompile(strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1]))
	text, err := canonicalText(packageTemplate(t))
	require.NoError(t, err)
	found := map[string]bool{}
	for _, zip := range pattern.FindAllStringSubmatch(text, -1) {
		found[zip[1]] = true
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(zipHashes(t))), slices.Collect(maps.Keys(found)))
	assert.NotContains(t, pattern.ReplaceAllString(text, `{"S3Bucket": "b", "S3Key": "f/$1"}`), here)
}

func TestTheExamplesNameParametersThatExist(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, p := range parameters() {
		names[p.name()] = true
	}
	sam, err := os.ReadFile("package/sam/template.yaml")
	require.NoError(t, err)
	assert.Contains(t, string(sam), "Location: package/"+templateFile)
	given := regexp.MustCompile(`(?m)^        (\w+): `).FindAllStringSubmatch(string(sam), -1)
	require.Len(t, given, 2)
	for _, p := range given {
		assert.Contains(t, names, p[1])
	}
	page, err := os.ReadFile(packagePage)
	require.NoError(t, err)
	overrides := regexp.MustCompile(`--parameter-overrides (.*)`).FindStringSubmatch(string(page))
	require.NotNil(t, overrides)
	for _, one := range strings.Fields(overrides[1]) {
		name, _, _ := strings.Cut(one, "=")
		assert.Contains(t, names, name)
	}
	again := regexp.MustCompile(`ParameterKey=(\w+)`).FindStringSubmatch(string(page))
	require.NotNil(t, again)
	assert.Contains(t, names, again[1])
	module := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindStringSubmatch(string(page))
	require.NotNil(t, module)
	variables, err := os.ReadFile("package/terraform/variables.tf")
	require.NoError(t, err)
	for _, argument := range regexp.MustCompile(`(?m)^  (\w+) +=`).FindAllStringSubmatch(module[1], -1) {
		if argument[1] != "source" {
			assert.Contains(t, string(variables), `variable "`+argument[1]+`"`)
		}
	}
}
