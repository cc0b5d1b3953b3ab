package cloudfrontswitch_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

func TestANameMovesAndReturns(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	r := i.router()
	before := i.config(t, blue)
	start := read(t, r)
	assert.Equal(t, blue, start.Serving)
	settles := func() bool {
		moving, err := r.Settles(t.Context(), target)
		require.NoError(t, err)
		return moving
	}
	assert.False(t, settles())

	there, err := r.SetRoute(t.Context(), target, on(green, start.Revision))
	require.NoError(t, err)
	assert.Equal(t, there, read(t, r))
	assert.Equal(t, []string{"old.example.com"}, i.config(t, blue).Aliases.Items)
	assert.True(t, settles())
	assert.Equal(t, map[string]int{string(blue): 8}, i.serving(), "no edge has it yet")
	i.deploy()
	assert.False(t, settles())
	assert.Equal(t, map[string]int{string(green): 8}, i.serving())

	_, err = r.SetRoute(t.Context(), target, on(blue, there.Revision))
	require.NoError(t, err)
	i.deploy()
	assert.Equal(t, before, i.config(t, blue), "the whole configuration is what it was")
	assert.Equal(t, map[string]int{string(blue): 8}, i.serving())
}

// A write is a read of the switch and its update, with nothing in between. Before the name leaves
// the switch, the other distribution is looked at.
func TestNothingComesBetweenTheReadOfTheSwitchAndItsUpdate(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	revision := read(t, i.router()).Revision
	for _, test := range []struct {
		to    shift.Version
		calls []string
	}{
		{green, []string{"GetDistributionConfig E2GREEN", "GetDistributionConfig E1BLUE", "UpdateDistribution E1BLUE"}},
		{blue, []string{"GetDistributionConfig E1BLUE", "UpdateDistribution E1BLUE"}},
		{blue, []string{"GetDistributionConfig E1BLUE", "UpdateDistribution E1BLUE"}}, // it only gets another revision
	} {
		var calls []string
		i.OnCall(func(c localaws.Call) {
			_, id, _ := strings.Cut(c.Resource, "/")
			calls = append(calls, c.Operation+" "+id)
		})
		written, err := i.router().SetRoute(t.Context(), target, on(test.to, revision))
		require.NoError(t, err)
		assert.Equal(t, test.calls, calls)
		assert.LessOrEqual(t, len(calls), i.router().Rules().WriteCalls)
		revision = written.Revision
	}
}

func TestTheLastNameOfASwitchMovesAndReturns(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	i.edit(t, blue, names("WWW.example.com"))
	r := i.router()
	there, err := r.SetRoute(t.Context(), target, on(green, read(t, r).Revision))
	require.NoError(t, err)
	assert.Empty(t, i.config(t, blue).Aliases.Items)
	_, err = r.SetRoute(t.Context(), target, on(blue, there.Revision))
	require.NoError(t, err)
	assert.Equal(t, []string{name}, i.config(t, blue).Aliases.Items)
}

func TestARotationChangesNothingButTheComment(t *testing.T) {
	t.Parallel()
	for _, comment := range []string{"", " ", "blue", strings.Repeat("ü", 127), strings.Repeat("x", 127) + " "} {
		t.Run(comment, func(t *testing.T) {
			t.Parallel()
			i := newInternet(t, unlimited)
			i.edit(t, blue, func(c *types.DistributionConfig) {
				c.Comment, c.PriceClass = aws.String(comment), types.PriceClassPriceClass100
			})
			before := i.config(t, blue)
			found := read(t, i.router())
			for range 2 {
				rotated, err := i.router().Rotate(t.Context(), target, found, green)
				require.NoError(t, err)
				assert.NotEqual(t, found.Revision, rotated.Revision)
				assert.Equal(t, rotated, read(t, i.router()))
				after := i.config(t, blue)
				assert.Equal(t, strings.TrimSpace(comment), strings.TrimSpace(*after.Comment))
				after.Comment = before.Comment
				assert.Equal(t, before, after)
				found = rotated
			}
			assert.Equal(t, before, i.config(t, blue), "the second rotation takes back what the first has done")
		})
	}
}

func TestAFullCommentLeavesNoRoom(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	i.edit(t, blue, func(c *types.DistributionConfig) { c.Comment = aws.String(strings.Repeat("x", 128)) })
	found := read(t, i.router())
	back, err := i.router().Rotate(t.Context(), target, found, green)
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	assert.ErrorContains(t, err, "shorten it")
	assert.Equal(t, found, back)
}

func TestWhatAWriteRefuses(t *testing.T) {
	t.Parallel()
	nothing := func(*testing.T, *internet) {}
	type testcase struct {
		name   string
		before func(*testing.T, *internet)
		// wanted is written at the Revision found after before.
		wanted shift.Route
		means  error
		text   string
	}
	for _, test := range []testcase{
		{"a share", nothing, shift.Route{Serving: blue, Additional: green, Weight: 1000}, shift.ErrRouteRefused, "cannot be divided"},
		{"a third distribution", nothing, on("E3", ""), shift.ErrRouteRefused, "neither E1BLUE nor E2GREEN"},
		{"the other is disabled", func(t *testing.T, i *internet) {
			i.edit(t, green, func(c *types.DistributionConfig) { c.Enabled = aws.Bool(false) })
		}, on(green, ""), shift.ErrRouteRefused, "E2GREEN is disabled: enable it"},
		{"the wildcard is gone", func(t *testing.T, i *internet) { i.edit(t, green, names("shop.example.com")) }, on(green, ""), shift.ErrRouteRefused, "does not have the name *.example.com any more"},
		{"the switch is disabled", func(t *testing.T, i *internet) {
			i.edit(t, blue, names())
			i.edit(t, blue, func(c *types.DistributionConfig) { c.Enabled = aws.Bool(false) })
		}, on(blue, ""), shift.ErrRouteRefused, "E1BLUE is disabled: enable it"},
		{"somebody took the name", func(t *testing.T, i *internet) {
			i.edit(t, blue, names())
			require.NoError(t, i.AddDistribution(localaws.CloudFrontDistribution{ID: "E3", Names: []string{name}, Certificate: certificate}))
		}, on(blue, ""), shift.ErrRouteTaken, "somebody has given the name www.example.com to another distribution"},
		{"the certificate does not cover it", func(t *testing.T, i *internet) {
			i.edit(t, blue, names())
			i.AddCertificate(certificate, "*.example.net")
		}, on(blue, ""), shift.ErrRouteRefused, "InvalidViewerCertificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := newInternet(t, unlimited)
			test.before(t, i)
			before := read(t, i.router())
			test.wanted.Revision = before.Revision
			_, err := i.router().SetRoute(t.Context(), target, test.wanted)
			require.ErrorIs(t, err, test.means)
			require.ErrorContains(t, err, test.text)
			assert.Equal(t, before, read(t, i.router()))
		})
	}
}

func TestAStrangersEditIsNoticed(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*types.DistributionConfig){
		"the comment":  func(c *types.DistributionConfig) { c.Comment = aws.String("mine") },
		"another name": names(name, "new.example.com"),
		"the name":     names("old.example.com"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInternet(t, unlimited)
			start := read(t, i.router())
			late := stall(t, i, setting(on(green, start.Revision)))
			i.edit(t, blue, edit)
			edited := i.config(t, blue)
			require.ErrorIs(t, setting(on(green, start.Revision))(i.router()), shift.ErrRevisionMismatch)
			require.ErrorIs(t, rotating(start)(i.router()), shift.ErrRevisionMismatch)
			assert.Equal(t, 412, late.release(t))
			assert.Equal(t, edited, i.config(t, blue), "it is not overwritten")
		})
	}
	i := newInternet(t, unlimited)
	require.ErrorContains(t, setting(on(green, ""))(i.router()), "revision that was read is missing")
	require.ErrorContains(t, rotating(on(blue, ""))(i.router()), "revision that was read is missing")
}

func TestErrorsOfCloudFrontAreToldApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code        string
		status      int
		read, write error
		text        string
	}{
		{"Throttling", 400, shift.ErrThrottled, shift.ErrThrottled, ""},
		{"PreconditionFailed", 412, nil, shift.ErrRevisionMismatch, ""},
		{"InvalidIfMatchVersion", 400, nil, shift.ErrRevisionMismatch, ""},
		{"CNAMEAlreadyExists", 409, nil, shift.ErrRouteTaken, "somebody has given the name"},
		{"TooManyDistributionCNAMEs", 400, nil, shift.ErrRouteRefused, ""},
		{"NoSuchDistribution", 404, shift.ErrTargetNotFound, shift.ErrTargetNotFound, "check the id E1BLUE"},
		{"AccessDenied", 403, nil, nil, "add E1BLUE with the name www.example.com"},
		{"ExpiredToken", 403, nil, nil, ""},
		{"InternalFailure", 500, nil, nil, ""},
	} {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			i := newInternet(t, unlimited)
			start := read(t, i.router())
			sentinels := []error{shift.ErrRouteTaken, shift.ErrThrottled, shift.ErrRevisionMismatch, shift.ErrRouteRefused, shift.ErrTargetNotFound}
			check := func(err, means error) {
				require.ErrorContains(t, err, test.code)
				require.ErrorContains(t, err, test.text)
				for _, sentinel := range sentinels {
					assert.Equal(t, sentinel == means, errors.Is(err, sentinel), "%v: %v", err, sentinel)
				}
			}
			failing := func(operation string) {
				i.Fault(func(c localaws.Call) error {
					if c.Operation != operation {
						return nil
					}
					return &localaws.APIError{StatusCode: test.status, Code: test.code, Message: "no"}
				})
			}
			failing("UpdateDistribution")
			check(setting(on(green, start.Revision))(i.router()), test.write)
			check(rotating(start)(i.router()), test.write)
			if test.read == nil && test.write != nil {
				return // a read has no such error
			}
			failing("GetDistributionConfig")
			check(i.router().CheckArrival(t.Context(), shift.Arrival{Target: target}), test.read)
			failing("GetDistribution")
			_, err := i.router().Settles(t.Context(), target)
			check(err, test.read)
			_, err = i.router().DescribeVersion(t.Context(), target, green)
			check(err, test.read)
		})
	}
}

func TestWhatADeploymentCannotBeginWith(t *testing.T) {
	t.Parallel()
	set := func(id shift.Version, edit func(*types.DistributionConfig)) func(*testing.T, *internet) {
		return func(t *testing.T, i *internet) { i.edit(t, id, edit) }
	}
	type testcase struct {
		name   string
		before func(*testing.T, *internet)
		texts  []string
	}
	for _, test := range []testcase{
		{"nothing is wrong", func(*testing.T, *internet) {}, nil},
		{"the switch is disabled", set(blue, func(c *types.DistributionConfig) { c.Enabled = aws.Bool(false) }), []string{"E1BLUE is disabled: enable it"}},
		{"the other is disabled", set(green, func(c *types.DistributionConfig) { c.Enabled = aws.Bool(false) }), []string{"E2GREEN is disabled: enable it"}},
		{"staging", set(blue, func(c *types.DistributionConfig) { c.Staging = aws.Bool(true) }), []string{"E1BLUE is a staging distribution"}},
		{"a policy", set(blue, func(c *types.DistributionConfig) { c.ContinuousDeploymentPolicyId = aws.String("p") }), []string{"remove the policy"}},
		{"no certificate and no wildcard", set(green, func(c *types.DistributionConfig) {
			names()(c)
			c.ViewerCertificate = &types.ViewerCertificate{CloudFrontDefaultCertificate: aws.Bool(true)}
		}), []string{"E2GREEN has only CloudFront's own certificate", "E2GREEN does not have the name *.example.com"}},
		{"no certificate at all", set(green, func(c *types.DistributionConfig) { names()(c); c.ViewerCertificate = nil }), []string{"E2GREEN has only CloudFront's own certificate"}},
		{"the other has the name", func(t *testing.T, i *internet) {
			i.edit(t, blue, names())
			i.edit(t, green, names("*.example.com", name))
		}, []string{"E2GREEN has the name www.example.com itself, so E1BLUE cannot get it"}},
		{"a full comment", set(blue, func(c *types.DistributionConfig) { c.Comment = aws.String(strings.Repeat("x", 128)) }), []string{"has 128 characters"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := newInternet(t, unlimited)
			r := i.router()
			test.before(t, i)
			i.deploy()
			stable, err := r.DescribeVersion(t.Context(), target, blue)
			require.NoError(t, err)
			candidate, err := r.DescribeVersion(t.Context(), target, green)
			require.NoError(t, err)
			require.NoError(t, candidate.CheckReady(target))
			err = r.CheckCompatible(target, stable, candidate)
			if test.texts == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, shift.ErrRouteRefused)
			for _, text := range test.texts {
				assert.ErrorContains(t, err, text)
			}
		})
	}
}

func TestADeploymentBeginsWhenBothDistributionsAreDeployed(t *testing.T) {
	t.Parallel()
	for _, changed := range []shift.Version{blue, green} {
		i := newInternet(t, unlimited)
		r := i.router()
		i.edit(t, changed, func(c *types.DistributionConfig) { c.Comment = aws.String("new") })
		for _, v := range []shift.Version{blue, green} {
			found, err := r.DescribeVersion(t.Context(), target, v)
			require.NoError(t, err)
			err = found.CheckReady(target)
			require.ErrorIs(t, err, shift.ErrCandidatePending)
			assert.ErrorContains(t, err, string(changed)+" is InProgress")
		}
		settles, err := r.Settles(t.Context(), target)
		require.NoError(t, err)
		assert.Equal(t, changed == blue, settles)
		err = r.CheckStart(target, read(t, r), settles)
		assert.Equal(t, settles, errors.Is(err, shift.ErrCandidatePending))
	}
}

func TestVersionsAreTheTwoDistributions(t *testing.T) {
	t.Parallel()
	i := newInternet(t, unlimited)
	r := i.router()
	found, err := r.DescribeVersion(t.Context(), target, green)
	require.NoError(t, err)
	assert.Equal(t, "de2green.cloudfront.net", found.Detail)
	asked, err := r.DescribeChange(shift.Change{Target: target, Stable: blue, Candidate: green, Detail: found.Detail})
	require.NoError(t, err)
	text, err := json.Marshal(asked)
	require.NoError(t, err)
	assert.JSONEq(t, `{"kind": "switch", "target": "switch:www.example.com", "name": "www.example.com", "stable": "E1BLUE", "candidate": "E2GREEN", "candidateDomain": "de2green.cloudfront.net"}`, string(text))

	_, err = r.DescribeVersion(t.Context(), target, "E3")
	require.ErrorIs(t, err, shift.ErrVersionNotFound)
	_, err = r.Publish(t.Context(), target)
	require.ErrorIs(t, err, shift.ErrVersionNotFound)
	require.NoError(t, r.Wake(t.Context(), target, green))
	_, err = r.Create(t.Context(), target, on(green, ""))
	require.ErrorIs(t, err, shift.ErrRouteRefused)
	require.ErrorIs(t, r.Delete(t.Context(), target), shift.ErrRouteRefused)
}

func TestTheTrafficIsMovedAllAtOnce(t *testing.T) {
	t.Parallel()
	rules := newInternet(t, unlimited).router().Rules()
	limited := []shift.Limited{{Target: target, Rules: rules}}
	require.NoError(t, shift.CheckPlan(limited, []shift.Step{{Weight: shift.All}}))
	require.ErrorIs(t, shift.CheckPlan(limited, []shift.Step{{Weight: 1000, Bake: 6000}, {Weight: shift.All}}), shift.ErrInvalidPlan)
	assert.Equal(t, shift.Seconds(300), rules.Lag)
}

func TestATargetWithoutDistributionsIsRefused(t *testing.T) {
	t.Parallel()
	r := newInternet(t, unlimited).router()
	for _, unknown := range []shift.Target{"switch:example.com", "switch:", "switch:*.a.example.com", "route53:Z1:www.example.com"} {
		require.ErrorIs(t, r.CheckArrival(t.Context(), shift.Arrival{Target: unknown}), shift.ErrUnknownTarget)
		_, err := r.DescribeChange(shift.Change{Target: unknown})
		require.ErrorIs(t, err, shift.ErrUnknownTarget)
	}
	err := r.CheckArrival(t.Context(), shift.Arrival{Target: "switch:shop.example.com"})
	require.ErrorIs(t, err, shift.ErrTargetNotFound)
	assert.ErrorContains(t, err, "add shop.example.com/SWITCH/OTHER to its setting distributions")
}
