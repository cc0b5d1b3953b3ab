package cloudfront

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// content is what a key held when the store had the ETag, or later.
type content struct {
	etag   string
	text   string
	exists bool
}

// route returns the Route of an existing key.
func (c content) route() shift.Route {
	v, err := parseValue(c.text)
	if err != nil {
		return foreignRoute(c.text)
	}
	return v.route()
}

// read reads a key. GetKey returns no ETag, so the store's ETag is read before it. If the key
// changes in between, a write with that ETag is refused. If the ETag were read after the key, such a
// write would be accepted, and overwrite a value that Sluice has not seen.
func (r *Router) read(ctx context.Context, key string) (content, error) {
	store, err := r.api.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: &r.settings.Store})
	if err != nil {
		return content{}, r.meaning(err)
	}
	if store.ETag == nil {
		return content{}, fmt.Errorf("the key value store %s answered without its ETag", r.settings.Store)
	}
	found := content{etag: *store.ETag}
	item, err := r.api.GetKey(ctx, &kvs.GetKeyInput{KvsARN: &r.settings.Store, Key: &key})
	switch {
	case isNotFound(err):
		return found, nil
	case err != nil:
		return content{}, r.meaning(err)
	case item.Value == nil:
		return content{}, fmt.Errorf("the key value store %s answered without the value of %s", r.settings.Store, key)
	}
	found.text, found.exists = *item.Value, true
	return found, nil
}

// maxTries is how often a write is tried while other keys of the store change.
const maxTries = 5

// firstDelay is the longest wait before the second try. It doubles with each further try, and
// the real wait is a random part of it.
const firstDelay = 100 * time.Millisecond

// exchange is a write or a deletion of one key, by a call that is accepted only while the store
// has the ETag.
type exchange struct {
	*Router
	key string
	// check decides from the content whether the write is still wanted. It is asked before
	// each try, and ends the exchange with done or an error.
	check func(content) (done bool, err error)
	write func(etag string) error

	// refusal is the error of a try that was called invalid, and refused is what was there
	// before it.
	refusal error
	refused content
}

// run tries until a write is accepted.
func (e *exchange) run(ctx context.Context) error {
	for try := range maxTries {
		if try > 0 {
			if err := e.wait(ctx, firstDelay<<(try-1)); err != nil {
				return err
			}
		}
		if done, err := e.try(ctx); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: other keys of the key value store %s changed %d times in the meantime", shift.ErrThrottled, e.settings.Store, maxTries)
}

// try reads the key and writes it once. It returns false, without an error, if the store has
// changed in between.
func (e *exchange) try(ctx context.Context) (done bool, err error) {
	found, err := e.read(ctx, e.key)
	if err != nil {
		return false, err
	}
	if done, err := e.check(found); done || err != nil {
		return done, err
	}
	if e.refusal != nil && found == e.refused {
		return false, fmt.Errorf("%w: %w", shift.ErrRouteRefused, awserror.Plain(e.refusal))
	}
	e.refusal = nil
	switch err := e.write(found.etag); {
	case isConflict(err):
		return false, nil
	case isInvalid(err):
		e.refusal, e.refused = err, found
		return false, nil
	case isFull(err):
		return false, fmt.Errorf("%w: %w; the key value store is full: delete keys that nobody needs", shift.ErrRouteRefused, awserror.Plain(err))
	default:
		return true, e.meaning(err)
	}
}

// wait waits for a random part of a duration.
func (r *Router) wait(ctx context.Context, upTo time.Duration) error {
	var raw [4]byte
	if _, err := io.ReadFull(r.settings.Random, raw[:]); err != nil {
		return fmt.Errorf("choose a random wait: %w", err)
	}
	r.settings.Pause(ctx, time.Duration(float64(upTo)*float64(binary.BigEndian.Uint32(raw[:]))/(1<<32)))
	return ctx.Err()
}

// sleep waits on the real clock.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
