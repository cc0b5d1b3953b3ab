package cloudfront

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/listener"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// Config configures CloudFront's behaviour. The zero value of a field means its default.
type Config struct {
	// Rate is the account's limit of calls per second, for all operations together. AWS does
	// not publish one. The default is 5, and a negative rate means no limit.
	Rate float64

	// DeployTime is how long the last edge takes to serve an update, which is InProgress for
	// as long. The default is five minutes. A negative time lets all edges serve an update at
	// once.
	DeployTime time.Duration

	// Edges is the number of edges. They serve an update one after the other, at equal
	// distances. The default is 8.
	Edges int
}

// Distributions holds the distributions of an account. Several goroutines may call its
// methods at once.
type Distributions struct {
	account account.Account
	config  Config
	calls   *throttle.Bucket

	mu            sync.Mutex
	distributions map[string]*distribution
	certificates  map[string][]string // the names, by the certificate's ARN
	onChange      listener.List[DistributionChange]
}

// DistributionChange is passed to listeners after the configuration of a distribution has
// changed.
type DistributionChange struct {
	Time         time.Time
	Actor        string // empty for a change through the Go API
	Distribution string // the id
}

// OnDistributionChange adds a listener that is called after each update that was accepted. The
// edges do not have it yet.
func (s *Distributions) OnDistributionChange(listener func(DistributionChange)) {
	s.onChange.Add(listener)
}

// New returns the Distributions of an account that has none.
func New(in account.Account, config Config) *Distributions {
	config.DeployTime = max(cmp.Or(config.DeployTime, 5*time.Minute), 0)
	config.Edges = cmp.Or(config.Edges, 8)
	return &Distributions{
		account: in, config: config, calls: throttle.NewBucket(cmp.Or(config.Rate, 5)),
		distributions: map[string]*distribution{}, certificates: map[string][]string{},
	}
}

// version is a configuration, and when it was accepted.
type version struct {
	config
	from time.Time
}

type distribution struct {
	id string
	// number counts the configurations that differed from the one before.
	number int
	// versions are in the order of their times. The last one is what the API shows.
	versions []version
}

func (d *distribution) newest() version { return d.versions[len(d.versions)-1] }

func (d *distribution) domain() string { return "d" + strings.ToLower(d.id) + ".cloudfront.net" }

// etag returns the ETag of a distribution's configuration with a number. AWS's ETags seem to
// encode such a number: those of the first versions of all CloudFront Functions are the same.
// So two distributions can have the same ETag.
func etag(number int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "version %d", number))
	return "E" + base32.StdEncoding.EncodeToString(sum[:])[:13]
}

// checkMatch checks an If-Match. The API reference has two errors for one that is not the
// distribution's. Here it is PreconditionFailed for one that it had, and
// InvalidIfMatchVersion for any other.
func (d *distribution) checkMatch(match string) error {
	for number := 1; number <= d.number; number++ {
		switch {
		case match != etag(number):
		case number == d.number:
			return nil
		default:
			return preconditionFailed()
		}
	}
	return invalidIfMatch()
}

// write makes a configuration the newest one. AWS does not say whether an update that changes
// nothing gets another ETag. Here it does not, so that it makes no other write stale.
func (d *distribution) write(wanted config, now time.Time) {
	if d.number > 0 && wanted.meaning == d.newest().meaning {
		return
	}
	d.number++
	d.versions = append(d.versions, version{config: wanted, from: now})
}

// status is InProgress until the last edge has the newest configuration.
func (s *Distributions) status(d *distribution, now time.Time) string {
	if now.Before(d.newest().from.Add(s.config.DeployTime)) {
		return "InProgress"
	}
	return "Deployed"
}

// Distribution is a distribution as a person creates it.
type Distribution struct {
	ID      string
	Names   []string // alternate domain names
	Comment string
	// Certificate is the ARN of a certificate; empty for CloudFront's own one.
	Certificate string
	IsDisabled  bool
	IsStaging   bool
}

// AddCertificate adds a certificate for some names.
func (s *Distributions) AddCertificate(arn string, names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certificates[arn] = names
}

// AddDistribution adds a distribution that all edges serve since long ago.
func (s *Distributions) AddDistribution(add Distribution) error {
	body, err := xml.Marshal(newConfig(add))
	if err != nil {
		return err
	}
	wanted, err := parseConfig(body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &distribution{id: add.ID}
	d.write(wanted, s.account.Now().Add(-s.config.DeployTime))
	if err := s.check(d, wanted); err != nil {
		return err
	}
	s.distributions[add.ID] = d
	return nil
}

// HasDistribution says whether there is a distribution.
func (s *Distributions) HasDistribution(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.distributions[id] != nil
}

// EditDistribution changes the names, the comment, or whether it is disabled, of a distribution,
// as a person does in the console. It returns an error that CloudFront would return.
func (s *Distributions) EditDistribution(id string, edit func(*Distribution)) error {
	now := s.account.Now()
	if err := s.editLocked(id, edit, now); err != nil {
		return err
	}
	s.onChange.Tell(DistributionChange{Time: now, Distribution: id})
	return nil
}

func (s *Distributions) editLocked(id string, edit func(*Distribution), now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.distributions[id]
	if d == nil {
		return noSuchDistribution()
	}
	wanted, err := d.newest().edited(edit)
	if err != nil {
		return err
	}
	if err := s.check(d, wanted); err != nil {
		return err
	}
	d.write(wanted, now)
	return nil
}

// DistributionEdges returns the number of edges.
func (s *Distributions) DistributionEdges() int { return s.config.Edges }

// EdgeDistribution returns the id of the distribution that an edge serves for a host now, or ""
// if it has none. Edges are counted from 0. A distribution that is disabled keeps its names, and
// serves nobody.
func (s *Distributions) EdgeDistribution(edge int, host string) string {
	now := s.account.Now()
	return s.find(host, func(d *distribution) version { return d.versions[s.seen(d, edge, now)] })
}

// DistributionOf returns the id of the distribution that serves a host once all edges have the
// newest configurations, or "" if none does.
func (s *Distributions) DistributionOf(host string) string {
	return s.find(host, (*distribution).newest)
}

// find returns the distribution for a host by some version of each configuration.
func (s *Distributions) find(host string, of func(*distribution) version) string {
	host = strings.ToLower(host)
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *distribution
	best, enabled := -1, false
	for _, d := range s.distributions {
		v := of(d)
		if specific := v.specificity(d, host); specific > best {
			found, best, enabled = d, specific, *v.Enabled
		}
	}
	if found == nil || !enabled {
		return ""
	}
	return found.id
}

// seen returns the index of the newest version that an edge has.
func (s *Distributions) seen(d *distribution, edge int, now time.Time) int {
	delay := s.config.DeployTime * time.Duration(edge+1) / time.Duration(s.config.Edges)
	seen := 0
	for i, v := range d.versions {
		if !now.Before(v.from.Add(delay)) {
			seen = i
		}
	}
	return seen
}

// exact is more specific than any wildcard.
const exact = 1 << 10

// specificity says how specific the best match of a host is, or -1 without a match. The asterisk
// of an alternate domain name stands for any number of labels (CloudFront Developer Guide,
// "Using the * wildcard in alternate domain names").
func (v version) specificity(d *distribution, host string) int {
	if v.Staging {
		return -1
	}
	names := v.names()
	if host == d.domain() || slices.Contains(names, host) {
		return exact
	}
	best := -1
	for _, name := range names {
		if suffix, wild := strings.CutPrefix(name, "*"); wild && strings.HasSuffix(host, suffix) {
			best = max(best, len(suffix))
		}
	}
	return best
}
