package lambdaalias_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sluice/internal/shift"
)

func TestTagsAreReadByTheCallThatHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	r, w := newRouter(answer{body: `{"Configuration":` + configuration + `,"Tags":{"sluice:alias":"live","team":"x"}}`})
	tags, err := r.Tags(t.Context(), orders)
	require.NoError(t, err)
	assert.Equal(t, shift.Tags{"sluice:alias": "live", "team": "x"}, tags)
	assert.Equal(t, []request{{method: "GET", path: "/2015-03-31/functions/orders"}}, w.requests)

	r, _ = newRouter(answer{body: `{"Configuration":` + configuration + `}`})
	tags, err = r.Tags(t.Context(), orders)
	require.NoError(t, err)
	assert.Empty(t, tags)
}

func TestTagsThatAreNotToldAreNotTakenForNone(t *testing.T) {
	t.Parallel()
	r, _ := newRouter(answer{body: `{"Configuration":` + configuration + `,"TagsError":{"ErrorCode":"AccessDeniedException","Message":"no\nidentity-based policy"}}`})
	_, err := r.Tags(t.Context(), orders)
	require.ErrorContains(t, err, "AccessDeniedException: no identity-based policy")
	assert.ErrorContains(t, err, "needs lambda:GetFunction and lambda:ListTags")
}
