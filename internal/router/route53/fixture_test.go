package route53_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/router/route53"
	"github.com/sluice-aws/sluice/internal/shift"
)

const (
	zoneID   = "Z0123456789ABC"
	name     = "www.example.com"
	guard    = "_sluice.www.example.com."
	target   = shift.Target("route53:" + zoneID + ":" + name)
	distros  = "Z2FDTNDATAQYW2"
	websites = "Z3AQBSTGFYJSTF"

	oldSite = shift.Version("d111.cloudfront.net")
	newSite = shift.Version("s3-website-us-east-1.amazonaws.com in " + websites)
	oldIP   = shift.Version("A 192.0.2.1")
	newIP   = shift.Version("A 192.0.2.2")
)

// internet is an account with a zone. Its clock moves only when a test moves it.
type internet struct {
	*localaws.Cloud
	now  time.Time
	seed uint64
}

func newInternet(t require.TestingT, config localaws.Config, records ...localaws.Record) *internet {
	i := &internet{now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)}
	config.Now = func() time.Time { return i.now }
	i.Cloud = localaws.New(config)
	i.AddZone(localaws.Zone{ID: zoneID, Name: "example.com"})
	require.NoError(t, i.PutRecords(zoneID, records...))
	return i
}

// unlimited takes the limits of rates away.
var unlimited = localaws.Config{RecordRate: -1, BatchTime: -1}

func (i *internet) router() *route53.Router { return i.routerThrough(i.Cloud) }

func (i *internet) routerThrough(transport interface {
	Do(*http.Request) (*http.Response, error)
}) *route53.Router {
	i.seed++
	return route53.New(sdk.NewFromConfig(localaws.ClientConfig("set-weight", transport)), tokens{rand.New(rand.NewPCG(i.seed, 0))})
}

// tokens is a source of random bytes that gives the same ones in every run.
type tokens struct{ dice *rand.Rand }

func (t tokens) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(t.dice.Uint32())
	}
	return len(b), nil
}

// records are the zone's records without the guard.
func (i *internet) records() []localaws.Record {
	var list []localaws.Record
	for _, r := range i.ZoneRecords(zoneID) {
		if r.Name != guard {
			list = append(list, r)
		}
	}
	return list
}

func (i *internet) guard(t require.TestingT) localaws.Record {
	for _, r := range i.ZoneRecords(zoneID) {
		if r.Name == guard {
			return r
		}
	}
	require.Fail(t, "there is no guard")
	return localaws.Record{}
}

// stalled is a connection that holds back a batch, so that the caller sees it lost. The batch
// arrives when release is called.
type stalled struct {
	to    *internet
	holds bool
	held  func() (*http.Response, error)
}

var errStalled = errors.New("no answer")

func (s *stalled) Do(r *http.Request) (*http.Response, error) {
	if !s.holds || r.Method != http.MethodPost {
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

// release lets the batch arrive, and returns the answer that nobody waits for any more.
func (s *stalled) release(t require.TestingT) (status int, text string) {
	response, err := s.held()
	require.NoError(t, err)
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	s.held = nil
	return response.StatusCode, string(answer)
}

// at returns the Route that gives a Candidate a weight, as shift.Change.At does.
func at(found shift.Route, candidate shift.Version, w shift.Weight) shift.Route {
	change := shift.Change{Target: target, Stable: found.Serving, Candidate: candidate, RouteDetail: found.Detail}
	wanted := change.At(w)
	wanted.Revision = found.Revision
	return wanted
}

func set(t require.TestingT, r *route53.Router, wanted shift.Route, revision shift.Revision) shift.Route {
	wanted.Revision = revision
	written, err := r.SetRoute(context.Background(), target, wanted)
	require.NoError(t, err)
	return written
}

func read(t require.TestingT, r *route53.Router) shift.Route {
	found, err := r.Route(context.Background(), target)
	require.NoError(t, err)
	return found
}

func token(revision shift.Revision) string {
	token, _, _ := strings.Cut(string(revision), ".")
	return token
}

func newest(t *testing.T, records ...localaws.Record) (*internet, *route53.Router) {
	t.Helper()
	i := newInternet(t, unlimited, records...)
	return i, i.router()
}

// routerWithout returns a Router whose source of random bytes fails.
func (i *internet) routerWithout() *route53.Router {
	return route53.New(sdk.NewFromConfig(localaws.ClientConfig("set-weight", i.Cloud)), strings.NewReader("too short"))
}
