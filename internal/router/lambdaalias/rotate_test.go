package lambdaalias_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

func described(revision, description string) answer {
	return answer{body: `{"FunctionVersion":"1","RevisionId":"` + revision + `","Description":"` + description + `"}`}
}

// repeated is the write that repeats what an alias has: version 1 and no weights.
func repeated(revision string) request {
	return request{method: "PUT", path: aliasPath, body: `{"FunctionVersion":"1","RevisionId":"` + revision + `","RoutingConfig":{"AdditionalVersionWeights":{}}}`}
}

func TestARotationRepeatsWhatTheAliasHas(t *testing.T) {
	t.Parallel()
	for _, other := range []shift.Version{"", "2"} {
		r, w := newRouter(described("r2", "of the shop"))
		got, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1", Detail: "of the shop"}, other)
		require.NoError(t, err)
		assert.Equal(t, shift.Route{Serving: "1", Revision: "r2", Detail: "of the shop"}, got)
		assert.Equal(t, []request{repeated("r1")}, w.requests)
	}
}

func TestARotationChangesNothingButTheRevision(t *testing.T) {
	t.Parallel()
	r, w := newRouter(described("r1", "of the shop"), described("r2", "of the shop (Sluice is putting traffic back)"), described("r3", "of the shop"))
	got, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1", Detail: "of the shop"}, "")
	require.NoError(t, err)
	assert.Equal(t, shift.Route{Serving: "1", Revision: "r3", Detail: "of the shop"}, got)
	assert.Equal(t, []request{
		repeated("r1"),
		{method: "PUT", path: aliasPath, body: `{"Description":"of the shop (Sluice is putting traffic back)","FunctionVersion":"1","RevisionId":"r1","RoutingConfig":{"AdditionalVersionWeights":{}}}`},
		{method: "PUT", path: aliasPath, body: `{"Description":"of the shop","FunctionVersion":"1","RevisionId":"r2","RoutingConfig":{"AdditionalVersionWeights":{}}}`},
	}, w.requests)
}

// weighted is an alias that sends a share of its traffic to version 2.
func weighted(revision, share string) answer {
	return answer{body: `{"FunctionVersion":"1","RevisionId":"` + revision + `","RoutingConfig":{"AdditionalVersionWeights":{"2":` + share + `}}}`}
}

func TestARotationGivesTheOtherVersionAZeroWeightIfTheRevisionStays(t *testing.T) {
	t.Parallel()
	r, w := newRouter(described("r1", "of the shop"), weighted("r2", "0"), described("r3", "of the shop"))
	got, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1", Detail: "of the shop"}, "2")
	require.NoError(t, err)
	assert.Equal(t, shift.Route{Serving: "1", Revision: "r3", Detail: "of the shop"}, got)
	assert.Equal(t, []request{
		repeated("r1"),
		{method: "PUT", path: aliasPath, body: `{"FunctionVersion":"1","RevisionId":"r1","RoutingConfig":{"AdditionalVersionWeights":{"2":0}}}`},
		repeated("r2"),
	}, w.requests)
}

func TestARotationChangesTheDescriptionWhenTheVersionCannotHaveAWeight(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]answer{
		"deleted": notFound,
		"failed":  {status: 409, err: "ResourceConflictException", body: `{"Message":"The function is in state: 'Failed'"}`},
		"differs": {status: 400, err: "InvalidParameterValueException", body: `{"Message":"different roles"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w := newRouter(described("r1", "x"), refused, described("r2", "x (Sluice is putting traffic back)"), described("r3", "x"))
			got, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1", Detail: "x"}, "2")
			require.NoError(t, err)
			assert.Equal(t, shift.Revision("r3"), got.Revision)
			assert.Len(t, w.requests, 4)
		})
	}
}

func TestARotationThatIsThrottledBetweenItsWritesContinuesFromThere(t *testing.T) {
	t.Parallel()
	r, w := newRouter(described("r1", ""), weighted("r2", "0"), throttled, described("r3", ""))
	known, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1"}, "2")
	require.ErrorIs(t, err, shift.ErrThrottled)
	got, err := r.Rotate(t.Context(), orders, known, "2")
	require.NoError(t, err)
	assert.Equal(t, shift.Revision("r3"), got.Revision)
	assert.Len(t, w.requests, 4, "with one more write")
}

func TestAnInterruptedRotationIsCompleted(t *testing.T) {
	t.Parallel()
	r, w := newRouter(described("r3", ""))
	got, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r2", Detail: " (Sluice is putting traffic back)"}, "2")
	require.NoError(t, err)
	assert.Equal(t, shift.Revision("r3"), got.Revision)
	assert.Equal(t, []request{
		{method: "PUT", path: aliasPath, body: `{"Description":"","FunctionVersion":"1","RevisionId":"r2","RoutingConfig":{"AdditionalVersionWeights":{}}}`},
	}, w.requests)
}

// Lambda accepts 256 characters. The mark replaces the last ones, and the whole description
// is restored afterwards.
func TestARotationMarksALongDescriptionToo(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 256)
	r, w := newRouter(described("r1", long), described("r2", ""), described("r3", long))
	_, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1", Detail: long}, "")
	require.NoError(t, err)
	require.Len(t, w.requests, 3)
	kept := 256 - len(" (Sluice is putting traffic back)")
	assert.Contains(t, w.requests[1].body, `"Description":"`+strings.Repeat("é", kept)+` (Sluice is putting traffic back)"`)
	assert.Contains(t, w.requests[2].body, `"Description":"`+long+`"`)
}

func TestARotationThatIsRefusedSaysWhy(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]answer{
		"the first write":  {stale},
		"the second write": {described("r1", "x"), stale},
		"the third write":  {described("r1", "x"), described("r2", "x"), stale},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w := newRouter(answers...)
			_, err := r.Rotate(t.Context(), orders, shift.Route{Serving: "1", Revision: "r1"}, "")
			require.ErrorIs(t, err, shift.ErrRevisionMismatch)
			assert.Len(t, w.requests, len(answers), "nothing is written after a refusal")
		})
	}
	r, w := newRouter(described("r2", ""))
	_, err := r.Rotate(t.Context(), shift.Target("route53:shop"), shift.Route{Serving: "1", Revision: "r1"}, "")
	require.ErrorIs(t, err, shift.ErrUnknownTarget)
	assert.Empty(t, w.requests)
}
