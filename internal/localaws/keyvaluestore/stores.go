package keyvaluestore

import (
	"cmp"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/identifier"
	"github.com/sluice-aws/sluice/internal/localaws/listener"
	"github.com/sluice-aws/sluice/internal/localaws/throttle"
)

// Config configures the behaviour of the stores. The zero value of a field means its default.
type Config struct {
	// Rate is the account's limit of calls per second, for all operations together. AWS does
	// not publish one. The default is 10, and a negative rate means no limit.
	Rate float64

	// Propagation is how long the last edge takes to serve a write. The default is 10
	// seconds: AWS only says "a few seconds" (AWS News Blog, introducing CloudFront
	// KeyValueStore). A negative time lets all edges serve a write at once.
	Propagation time.Duration

	// Edges is the number of edges. They serve a write one after the other, at equal
	// distances. The default is 8.
	Edges int

	// StaleIsInvalid makes a stale If-Match a ValidationException. By default it is a
	// ConflictException. The API reference has both errors, and does not say which it is.
	StaleIsInvalid bool
}

// Stores holds the stores of an account. Several goroutines may call its methods at once. No
// method calls a listener while it holds the lock.
type Stores struct {
	account account.Account
	config  Config
	rate    *throttle.Bucket

	mu       sync.Mutex
	ids      *identifier.Sequence
	stores   map[string]*store // by ARN
	onChange listener.List[KeyValueChange]
}

// New returns the Stores of an account that has none.
func New(in account.Account, config Config) *Stores {
	config.Propagation = cmp.Or(config.Propagation, 10*time.Second)
	config.Edges = cmp.Or(config.Edges, 8)
	return &Stores{
		account: in, config: config, rate: throttle.NewBucket(cmp.Or(config.Rate, 10)),
		ids: identifier.NewSequence(5), stores: map[string]*store{},
	}
}

// store is one key value store.
type store struct {
	arn     string
	created time.Time
	changed time.Time
	// etag changes with every write of any key. The control plane has another ETag, which the
	// data plane does not accept (elastic/docs-builder pull request 1509).
	etag        string
	controlETag string
	values      map[string]string
	writes      map[string][]write // the writes of a key that some edge may still serve, oldest first
	size        int                // of all keys and values, in bytes
}

// write is one change of a key.
type write struct {
	at      time.Time
	value   string
	deleted bool
}

// KeyValueStore is a store as CloudFront's own API describes it.
type KeyValueStore struct {
	ARN string
	// ETag is that of the control plane.
	ETag string
}

// KeyValueChange is passed to listeners after a key has changed.
type KeyValueChange struct {
	Time   time.Time
	Actor  string // empty for a change through the Go API
	Store  string // the ARN
	Key    string
	Before *string // nil when the key was created
	After  *string // nil when it was deleted
}

// OnKeyValueChange adds a listener that is called after each write of a key.
func (s *Stores) OnKeyValueChange(listener func(KeyValueChange)) {
	s.onChange.Add(listener)
}

// AddKeyValueStore adds an empty store that is ready for use.
func (s *Stores) AddKeyValueStore() KeyValueStore {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	added := &store{
		arn:     "arn:aws:cloudfront::" + s.account.ID + ":key-value-store/" + s.ids.Next(),
		created: now, changed: now, etag: newETag(s.ids), controlETag: newETag(s.ids), values: map[string]string{}, writes: map[string][]write{},
	}
	s.stores[added.arn] = added
	return KeyValueStore{ARN: added.arn, ETag: added.controlETag}
}

// RemoveKeyValueStore removes a store, as DeleteKeyValueStore of CloudFront does.
func (s *Stores) RemoveKeyValueStore(arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.stores, arn)
}

// newETag returns an ETag of the shape that CloudFront uses.
func newETag(ids *identifier.Sequence) string { return "ETV" + ids.Next()[24:] }

// KeyValue returns the current value of a key.
func (s *Stores) KeyValue(arn, key string) (value string, exists bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.stores[arn]; found != nil {
		value, exists = found.values[key]
	}
	return value, exists
}

// PutKeyValue writes a key of an existing store, as somebody does who has the store's ETag.
func (s *Stores) PutKeyValue(arn, key, value string) error {
	_, err := s.write(arn, key, "", nil, write{at: s.account.Now(), value: value})
	return err
}

// DeleteKeyValue deletes a key of an existing store, as somebody does who has the store's ETag.
func (s *Stores) DeleteKeyValue(arn, key string) error {
	_, err := s.write(arn, key, "", nil, write{at: s.account.Now(), deleted: true})
	return err
}

// KeyValueEdges returns the number of edges.
func (s *Stores) KeyValueEdges() int { return s.config.Edges }

// EdgeKeyValue returns the value of a key that an edge serves now. Edges are numbered from 0;
// the last one is the slowest.
func (s *Stores) EdgeKeyValue(arn, key string, edge int) (value string, exists bool) {
	now := s.account.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.stores[arn]
	if found == nil {
		return "", false
	}
	for _, w := range found.writes[key] {
		if now.Sub(w.at) < s.delay(edge) {
			break
		}
		value, exists = w.value, !w.deleted
	}
	return value, exists
}

// delay returns how long an edge takes to serve a write.
func (s *Stores) delay(edge int) time.Duration {
	if s.config.Propagation < 0 {
		return 0
	}
	return s.config.Propagation * time.Duration(edge+1) / time.Duration(s.config.Edges)
}

// write changes a key, if the ETag is the store's. A nil ETag is not compared.
func (s *Stores) write(arn, key, actor string, etag *string, w write) (written, error) {
	done, err := s.writeLocked(arn, key, etag, w)
	if err != nil {
		return written{}, err
	}
	done.change.Actor = actor
	s.onChange.Tell(done.change)
	return done, nil
}

// written is a write that was successful, and the store just after it.
type written struct {
	change      KeyValueChange
	etag        string
	items, size int
}

func (s *Stores) writeLocked(arn, key string, etag *string, w write) (written, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.stores[arn]
	if found == nil {
		return written{}, notFound()
	}
	before, existed := found.values[key]
	if err := s.check(found, key, etag, w); err != nil {
		return written{}, err
	}
	change := KeyValueChange{Time: w.at, Store: arn, Key: key}
	if existed {
		change.Before = &before
		found.size -= len(key) + len(before)
		delete(found.values, key)
	}
	if !w.deleted {
		change.After = &w.value
		found.size += len(key) + len(w.value)
		found.values[key] = w.value
	}
	found.etag, found.changed = newETag(s.ids), w.at
	found.writes[key] = append(s.pruneWrites(found.writes[key], w.at), w)
	return written{change: change, etag: found.etag, items: len(found.values), size: found.size}, nil
}

// check returns why a write is refused.
func (s *Stores) check(in *store, key string, etag *string, w write) error {
	before, existed := in.values[key]
	grown := in.size
	if existed {
		grown -= len(key) + len(before)
	}
	switch {
	case etag != nil && *etag != in.etag && s.config.StaleIsInvalid:
		return invalid()
	case etag != nil && *etag != in.etag:
		return conflict()
	case w.deleted && !existed:
		return notFound()
	case !w.deleted && grown+len(key)+len(w.value) > maxStoreBytes:
		return quotaExceeded()
	}
	return nil
}

// pruneWrites removes the writes that no edge serves any more.
func (s *Stores) pruneWrites(writes []write, now time.Time) []write {
	for len(writes) > 1 && now.Sub(writes[1].at) >= s.delay(s.config.Edges-1) {
		writes = writes[1:]
	}
	return writes
}
