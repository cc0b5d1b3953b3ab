package request_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/strictjson"
)

// buckets reads buckets as a second kind of Target.
var buckets = request.Reader{Kinds: map[string]request.Kind{"bucket": func(v strictjson.Value) shift.Arrival {
	o := v.Object("name", "release")
	return shift.Arrival{Target: shift.Target("bucket:" + o.Require("name").Text()), Candidate: shift.Version(o.Require("release").Text())}
}}}

func TestATargetOfAnotherKindStandsBesideAnAlias(t *testing.T) {
	t.Parallel()
	const input = `{"targets": [{"function": "orders", "version": "2"}, {"bucket": {"name": "site", "release": "r41"}}]}`
	release, err := buckets.Input([]byte(input))
	require.NoError(t, err)
	assert.Equal(t, []shift.Arrival{
		{Target: "lambda:orders:live", Candidate: "2"}, {Target: "bucket:site", Candidate: "r41"},
	}, release.Arrivals)

	_, err = request.Reader{}.Input([]byte(input))
	assert.ErrorContains(t, err, "targets[1].bucket", "where nobody routes it, it is not known")
}

func TestWhatIsWrongWithATargetOfAnotherKindIsSaidByItsPath(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{
		`{"targets": [{"bucket": {"name": "site"}}]}`:                                                               "targets[0].bucket.release",
		`{"targets": [{"bucket": {"name": "site", "release": "r"}, "function": "orders"}]}`:                         "targets[0].function: stands beside bucket, and a target is one thing",
		`{"targets": [{"bucket": {"name": "site", "release": "r"}}, {"bucket": {"name": "site", "release": "s"}}]}`: "bucket:site appears twice",
	} {
		_, err := buckets.Input([]byte(input))
		require.Error(t, err, input)
		assert.ErrorContains(t, err, want, input)
	}
}
