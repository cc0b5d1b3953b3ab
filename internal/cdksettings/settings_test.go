package cdksettings

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSettingIsTheOneThatCDKUses(t *testing.T) {
	t.Parallel()
	const file = `{"context": {"@aws-cdk/core:bootstrapQualifier": "file", "namePrefix": "team-a"}}`
	for _, test := range []struct {
		args                        []string
		file, qualifier, namePrefix string
	}{
		{nil, "", "hnb659fds", "sluice"},
		{nil, `{"app": "x"}`, "hnb659fds", "sluice"},
		{nil, "no JSON", "hnb659fds", "sluice"},
		{nil, file, "file", "team-a"},
		{[]string{"-c", "@aws-cdk/core:bootstrapQualifier=a"}, file, "a", "team-a"},
		{[]string{"--context=@aws-cdk/core:bootstrapQualifier=a", "-c", "namePrefix=b"}, file, "a", "b"},
		{[]string{"-c", "@aws-cdk/core:bootstrapQualifier=a", "--context", "@aws-cdk/core:bootstrapQualifier=b"}, "", "b", "sluice"},
		{[]string{"-c", "alias=@aws-cdk/core:bootstrapQualifier=a"}, "", "hnb659fds", "sluice"},
	} {
		s := Settings{args: test.args, file: []byte(test.file)}
		assert.Equal(t, test.qualifier, s.Qualifier(), "%v %s", test.args, test.file)
		assert.Equal(t, test.namePrefix, s.NamePrefix(), "%v %s", test.args, test.file)
	}
}
