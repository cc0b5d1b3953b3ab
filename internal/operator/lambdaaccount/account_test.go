package lambdaaccount

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/operator"
)

func TestAPolicyNamesWhoMayInvoke(t *testing.T) {
	t.Parallel()
	statement := func(text string) string { return `{"Version": "2012-10-17", "Statement": [` + text + `]}` }
	for _, test := range []struct {
		name, policy string
		want         []operator.Caller
	}{
		{"a service for a resource", statement(`{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Condition": {"ArnLike": {"AWS:SourceArn": "arn:x"}}}`),
			[]operator.Caller{{Kind: operator.Granted, Name: "events.amazonaws.com", Source: "arn:x"}}},
		{"accounts", statement(`{"Effect": "Allow", "Principal": {"AWS": ["111122223333", "arn:aws:iam::444455556666:root"]}, "Action": ["lambda:GetFunction", "lambda:InvokeFunction"]}`),
			[]operator.Caller{{Kind: operator.Granted, Name: "111122223333"}, {Kind: operator.Granted, Name: "arn:aws:iam::444455556666:root"}}},
		{"everybody", statement(`{"Effect": "Allow", "Principal": "*", "Action": "lambda:*"}`), []operator.Caller{{Kind: operator.Granted, Name: "*"}}},
		{"only by the URL", statement(`{"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"}`), nil},
		{"a denial", statement(`{"Effect": "Deny", "Principal": "*", "Action": "lambda:InvokeFunction"}`), nil},
	} {
		found, err := readPolicy(test.policy)
		require.NoError(t, err, test.name)
		assert.Equal(t, test.want, found, test.name)
	}
	_, err := readPolicy("no JSON")
	assert.Error(t, err)
}

func TestWhatIsMissingHasAName(t *testing.T) {
	t.Parallel()
	cloud := localaws.New(localaws.Config{Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }, ControlPlaneRate: -1})
	a := FromConfig(localaws.ClientConfig("somebody", cloud))
	for name, read := range map[string]func() error{
		"configuration": func() error { _, err := a.Installed(t.Context(), "gone"); return err },
		"tags": func() error {
			_, err := a.Tags(t.Context(), "arn:aws:lambda:us-east-1:123456789012:function:gone")
			return err
		},
		"URLs":        func() error { _, err := a.URLs(t.Context(), "gone"); return err },
		"aliases":     func() error { _, err := a.Aliases(t.Context(), "gone"); return err },
		"concurrency": func() error { _, err := a.Concurrency(t.Context(), "gone"); return err },
	} {
		assert.ErrorIs(t, read(), operator.ErrNoFunction, name)
	}
	found, err := a.Granted(t.Context(), "gone", "") // a function without a policy looks the same
	assert.Empty(t, found)
	assert.NoError(t, err)
}
