package lambdaalias_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
)

func TestTagsAreReadWithTheCallThatReturnsNothingElse(t *testing.T) {
	t.Parallel()
	r, w := newRouter(answer{body: `{"Tags":{"` + flow.TagAlias + `":"live","team":"x"}}`})
	tags, err := r.Tags(t.Context(), ordersARN)
	require.NoError(t, err)
	assert.Equal(t, flow.Tags{flow.TagAlias: "live", "team": "x"}, tags)
	require.Len(t, w.requests, 1)
	assert.Equal(t, "GET", w.requests[0].method)
	assert.Contains(t, w.requests[0].path, "/2017-03-31/tags/")

	r, _ = newRouter(answer{body: `{}`})
	tags, err = r.Tags(t.Context(), ordersARN)
	require.NoError(t, err)
	assert.Empty(t, tags)
}

func TestACallThatIsDeniedNamesTheTag(t *testing.T) {
	t.Parallel()
	r, _ := newRouter(answer{status: 403, err: "AccessDeniedException", body: `{"Message":"no identity-based policy allows the lambda:GetAlias action"}`})
	_, err := r.Route(t.Context(), orders)
	require.ErrorContains(t, err, "AccessDeniedException: no identity-based policy allows the lambda:GetAlias action")
	assert.ErrorContains(t, err, "put the tag back if somebody removed it, and Sluice continues")
}
