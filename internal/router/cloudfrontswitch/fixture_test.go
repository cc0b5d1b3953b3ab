package cloudfrontswitch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/cloudfrontswitch"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	name        = "www.example.com"
	target      = shift.Target("switch:" + name)
	blue        = shift.Version("E1BLUE")  // the switch
	green       = shift.Version("E2GREEN") // the other
	certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
)

var pair = flow.SwitchPair{Name: name, Switch: string(blue), Other: string(green)}

// internet is an account with two distributions, of which blue serves the name. Its clock
// moves only when a test moves it.
type internet struct {
	*localaws.Cloud
	now time.Time
}

func newInternet(t require.TestingT, config localaws.CloudFrontConfig) *internet {
	i := &internet{now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
	i.Cloud = localaws.New(localaws.Config{Distributions: config, Now: func() time.Time { return i.now }})
	i.AddCertificate(certificate, "example.com", "*.example.com")
	for _, d := range []localaws.CloudFrontDistribution{
		{ID: string(blue), Names: []string{"old.example.com", name}, Certificate: certificate, Comment: "blue"},
		{ID: string(green), Names: []string{"*.example.com"}, Certificate: certificate},
	} {
		require.NoError(t, i.AddDistribution(d))
	}
	return i
}

// unlimited takes the limit of the rate away.
var unlimited = localaws.CloudFrontConfig{Rate: -1}

type transport interface {
	Do(*http.Request) (*http.Response, error)
}

func client(through transport) *sdk.Client {
	return sdk.NewFromConfig(localaws.ClientConfig("set-weight", through))
}

func (i *internet) router() *cloudfrontswitch.Router { return cloudfrontswitch.New(client(i), pair) }

// edit is what a person does to a distribution.
func (i *internet) edit(t require.TestingT, id shift.Version, edit func(*types.DistributionConfig)) {
	found, err := client(i).GetDistributionConfig(context.Background(), &sdk.GetDistributionConfigInput{Id: aws.String(string(id))})
	require.NoError(t, err)
	edit(found.DistributionConfig)
	_, err = client(i).UpdateDistribution(context.Background(), &sdk.UpdateDistributionInput{Id: aws.String(string(id)), IfMatch: found.ETag, DistributionConfig: found.DistributionConfig})
	require.NoError(t, err)
}

func (i *internet) config(t require.TestingT, id shift.Version) *types.DistributionConfig {
	found, err := client(i).GetDistributionConfig(context.Background(), &sdk.GetDistributionConfigInput{Id: aws.String(string(id))})
	require.NoError(t, err)
	return found.DistributionConfig
}

func names(list ...string) func(*types.DistributionConfig) {
	return func(c *types.DistributionConfig) {
		c.Aliases = &types.Aliases{Quantity: aws.Int32(int32(len(list))), Items: list}
	}
}

// serving counts the edges that serve the name from each distribution.
func (i *internet) serving() map[string]int {
	count := map[string]int{}
	for edge := range i.DistributionEdges() {
		count[i.EdgeDistribution(edge, name)]++
	}
	return count
}

// deploy lets all edges have all updates.
func (i *internet) deploy() { i.now = i.now.Add(time.Hour) }

func read(t require.TestingT, r *cloudfrontswitch.Router) shift.Route {
	found, err := r.Route(context.Background(), target)
	require.NoError(t, err)
	return found
}

func on(v shift.Version, revision shift.Revision) shift.Route {
	return shift.Route{Serving: v, Revision: revision}
}

// stalled is a connection that holds back an update, so that the caller sees it lost. The
// update arrives when release is called.
type stalled struct {
	to   *internet
	held func() (*http.Response, error)
}

var errStalled = errors.New("no answer")

func (s *stalled) Do(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut {
		return s.to.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	late := r.Clone(context.WithoutCancel(r.Context()))
	s.held = func() (*http.Response, error) {
		late.Body = io.NopCloser(bytes.NewReader(body))
		return s.to.Do(late)
	}
	return nil, errStalled
}

// release lets the update arrive, and returns the status of the answer that nobody waits for
// any more.
func (s *stalled) release(t require.TestingT) (status int) {
	response, err := s.held()
	require.NoError(t, err)
	return response.StatusCode
}

// stall makes a writer whose update is held back.
func stall(t require.TestingT, i *internet, write func(*cloudfrontswitch.Router) error) *stalled {
	held := &stalled{to: i}
	require.ErrorIs(t, write(cloudfrontswitch.New(client(held), pair)), errStalled)
	require.NotNil(t, held.held)
	return held
}

func setting(wanted shift.Route) func(*cloudfrontswitch.Router) error {
	return func(r *cloudfrontswitch.Router) error {
		_, err := r.SetRoute(context.Background(), target, wanted)
		return err
	}
}

func rotating(found shift.Route) func(*cloudfrontswitch.Router) error {
	return func(r *cloudfrontswitch.Router) error {
		_, err := r.Rotate(context.Background(), target, found, green)
		return err
	}
}
