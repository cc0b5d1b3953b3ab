package route53

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/listener"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// Config configures Route 53's behaviour.
type Config struct {
	// Rate is the account's limit of calls per second, for all operations together. 0 means
	// 5 (Route 53 Developer Guide, DNSLimitations); negative means no limit.
	Rate float64
	// PropagationTime is how long a change is PENDING. 0 means a minute, within which
	// changes usually are at all name servers (ChangeResourceRecordSets); negative means
	// none.
	PropagationTime time.Duration
	// ApplyTime is how long a batch keeps other batches out of its zone. AWS gives no
	// figure. 0 means 100 ms; negative means none.
	ApplyTime time.Duration
}

// Zone is a hosted zone.
type Zone struct {
	ID      string
	Name    string
	Private bool
}

// version is what a zone's name servers answer from a time on.
type version struct {
	from    time.Time
	records []Record
}

type zone struct {
	Zone
	// versions are in the order of their times; the last one is what the API shows.
	versions []version
	busy     time.Time // a batch is being applied until then
}

func (z *zone) records() []Record { return z.versions[len(z.versions)-1].records }

// Zones holds the hosted zones of an account. Several goroutines may call its methods at
// once.
type Zones struct {
	account account.Account
	config  Config
	calls   *throttle.Bucket

	mu       sync.Mutex
	zones    map[string]*zone
	changes  map[string]change
	issued   int
	onChange listener.List[RecordChange]
}

// RecordChange is passed to listeners after the records of a zone have changed.
type RecordChange struct {
	Time   time.Time
	Actor  string // empty for a change through the Go API
	ZoneID string
}

// OnRecordChange adds a listener that is called after each batch that was applied. The name
// servers may not have it yet.
func (s *Zones) OnRecordChange(listener func(RecordChange)) {
	s.onChange.Add(listener)
}

// New returns an account's Zones, of which there are none.
func New(in account.Account, config Config) *Zones {
	config.PropagationTime = max(cmp.Or(config.PropagationTime, time.Minute), 0)
	config.ApplyTime = max(cmp.Or(config.ApplyTime, 100*time.Millisecond), 0)
	return &Zones{
		account: in, config: config, calls: throttle.NewBucket(cmp.Or(config.Rate, 5)),
		zones: map[string]*zone{}, changes: map[string]change{},
	}
}

// AddZone adds a hosted zone without records.
func (s *Zones) AddZone(z Zone) {
	z.Name = normalName(z.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[z.ID] = &zone{Zone: z, versions: []version{{}}}
}

// PutRecords creates or replaces records, as a person does in the console: by a batch of
// UPSERTs, at once at all name servers. It returns an error that Route 53 would return.
func (s *Zones) PutRecords(zoneID string, records ...Record) error {
	return s.edit(zoneID, changesOf("UPSERT", records))
}

// DeleteRecords deletes records.
func (s *Zones) DeleteRecords(zoneID string, records ...Record) error {
	return s.edit(zoneID, changesOf("DELETE", records))
}

// ReplaceRecords deletes records and creates others, in one batch.
func (s *Zones) ReplaceRecords(zoneID string, old, fresh []Record) error {
	return s.edit(zoneID, slices.Concat(changesOf("DELETE", old), changesOf("CREATE", fresh)))
}

func changesOf(action string, records []Record) []Change {
	var batch []Change
	for _, r := range records {
		batch = append(batch, Change{Action: action, Record: r})
	}
	return batch
}

func (s *Zones) edit(zoneID string, batch []Change) error {
	now := s.account.Now()
	if err := s.editLocked(zoneID, batch, now); err != nil {
		return err
	}
	s.onChange.Tell(RecordChange{Time: now, ZoneID: zoneID})
	return nil
}

func (s *Zones) editLocked(zoneID string, batch []Change, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	z, err := s.zone(zoneID)
	if err != nil {
		return err
	}
	after, err := z.apply(batch)
	if err != nil {
		return err
	}
	z.versions = append(z.versions, version{now, after})
	return nil
}

// ZoneRecords returns the records of a zone, as the API shows them.
func (s *Zones) ZoneRecords(zoneID string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	z := s.zones[zoneID]
	if z == nil {
		return nil
	}
	return slices.Clone(z.records())
}

// serving returns the records of a name and a type that the name servers answer with at a time.
// Those that no name server answers with any more may be forgotten.
func (s *Zones) serving(zoneID, name, kind string, at time.Time) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	z := s.zones[zoneID]
	if z == nil {
		return nil
	}
	current := z.versions[0]
	for _, v := range z.versions {
		if !v.from.After(at) {
			current = v
		}
	}
	var found []Record
	for _, r := range current.records {
		if r.Name == normalName(name) && r.Type == kind {
			found = append(found, r)
		}
	}
	return found
}

// zone returns a zone, or the API's error.
func (s *Zones) zone(id string) (*zone, error) {
	z := s.zones[id]
	if z == nil {
		return nil, noSuchZone(id)
	}
	return z, nil
}

// change is a batch that was applied.
type change struct {
	id        string
	comment   string
	submitted time.Time
	inSync    time.Time
}

func (c change) status(now time.Time) string {
	if now.Before(c.inSync) {
		return "PENDING"
	}
	return "INSYNC"
}

// submit applies a caller's batch, and returns its change.
func (s *Zones) submit(zoneID, actor string, batch Batch) (change, error) {
	now := s.account.Now()
	c, err := s.submitLocked(zoneID, batch, now)
	if err != nil {
		return change{}, err
	}
	s.onChange.Tell(RecordChange{Time: now, Actor: actor, ZoneID: zoneID})
	return c, nil
}

func (s *Zones) submitLocked(zoneID string, batch Batch, now time.Time) (change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	z, err := s.zone(zoneID)
	if err != nil {
		return change{}, err
	}
	if now.Before(z.busy) {
		return change{}, errPriorRequest()
	}
	after, err := z.apply(batch.Changes)
	if err != nil {
		return change{}, err
	}
	z.busy = now.Add(s.config.ApplyTime)
	s.issued++
	c := change{
		id: fmt.Sprintf("C%020d", s.issued), comment: batch.Comment, submitted: now, inSync: now.Add(s.config.PropagationTime),
	}
	z.versions = append(z.forgetting(now), version{c.inSync, after})
	s.changes[c.id] = c
	return c, nil
}

// forgetting returns the zone's versions without those that no name server answers with any
// more.
func (z *zone) forgetting(now time.Time) []version {
	first := 0
	for i, v := range z.versions {
		if !v.from.After(now) {
			first = i
		}
	}
	return z.versions[first:]
}
