package localaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func TestListenersLearnWhoHasChangedADistribution(t *testing.T) {
	t.Parallel()
	a := sites(t)
	var changes []localaws.DistributionChange
	a.OnDistributionChange(func(c localaws.DistributionChange) { changes = append(changes, c) })
	_, err := a.edit(t, blue, named("old.example.com"))
	require.NoError(t, err)
	require.NoError(t, a.EditDistribution(blue, func(d *localaws.CloudFrontDistribution) { d.Names = append(d.Names, "www.example.com") }))
	_, err = a.edit(t, green, named("www.example.com"))
	require.Error(t, err)
	require.Len(t, changes, 2, "a refused update changes nothing")
	assert.Equal(t, blue, changes[0].Distribution)
	assert.NotEmpty(t, changes[0].Actor)
	assert.Empty(t, changes[1].Actor)
}

func TestAPersonEditsADistribution(t *testing.T) {
	t.Parallel()
	a := sites(t)
	before := a.distribution(t, blue)
	require.NoError(t, a.EditDistribution(blue, func(d *localaws.CloudFrontDistribution) {
		assert.Equal(t, []string{"www.example.com", "old.example.com"}, d.Names)
		assert.Equal(t, "blue ", d.Comment)
		d.Names, d.Comment = []string{"old.example.com"}, "by hand"
	}))
	after := a.distribution(t, blue)
	assert.NotEqual(t, *before.ETag, *after.ETag)
	want := *before.Distribution.DistributionConfig
	want.Aliases, want.Comment = &types.Aliases{Quantity: new(int32), Items: []string{"old.example.com"}}, new(string)
	*want.Aliases.Quantity, *want.Comment = 1, "by hand"
	assert.Equal(t, want, *after.Distribution.DistributionConfig)
	assert.Equal(t, green, a.DistributionOf("www.example.com"), "the control plane has the edit at once")
	assert.Equal(t, blue, a.EdgeDistribution(0, "www.example.com"), "the edges have it later")

	require.ErrorContains(t, a.EditDistribution(green, func(d *localaws.CloudFrontDistribution) { d.Names = []string{"old.example.com"} }), "CNAMEAlreadyExists")
	require.ErrorContains(t, a.EditDistribution("E9", func(*localaws.CloudFrontDistribution) {}), "NoSuchDistribution")
	require.NoError(t, a.EditDistribution(green, func(d *localaws.CloudFrontDistribution) { d.IsDisabled = true }))
	assert.Empty(t, a.DistributionOf("www.example.com"))
}

func TestListenersLearnWhoHasChangedRecords(t *testing.T) {
	t.Parallel()
	a := www(t)
	var changes []localaws.RecordChange
	a.OnRecordChange(func(c localaws.RecordChange) { changes = append(changes, c) })
	_, err := a.change(create(values("new.example.com", "A", 60, "192.0.2.9")))
	require.NoError(t, err)
	require.NoError(t, a.PutRecords(changes[0].ZoneID, localaws.SimpleRecord("new.example.com", "A", 60, "192.0.2.8")))
	_, err = a.change(create(values("new.example.com", "A", 60, "192.0.2.9")))
	require.Error(t, err)
	require.Len(t, changes, 2, "a refused batch changes nothing")
	assert.NotEmpty(t, changes[0].Actor)
	assert.Empty(t, changes[1].Actor)
}
