package cloudformation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxWait is the longest Timeout of a wait condition.
const maxWait = 12 * time.Hour

// handle creates a wait condition's handle. Its Ref is the URL for the signals.
func (s *Stacks) handle(c change) result {
	if c.kind != Create {
		return result{physical: c.physical}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	signals := s.presign(s.signalHost(), c.stack.id+"/"+c.logical+"/"+s.ids.Next(), signalTime)
	return result{physical: signals}
}

// signal is what is put to a handle's URL.
type signal struct {
	Status   string
	Reason   string
	UniqueId string
	Data     string
}

// waitCondition creates a wait condition: it waits for signals.
func (s *Stacks) waitCondition(c change) result {
	switch c.kind {
	case Update:
		return failed("Update to resource type AWS::CloudFormation::WaitCondition is not supported.")
	case Delete:
		return result{physical: c.physical}
	}
	handle, err := url.Parse(text(c.properties["Handle"]))
	count, countError := strconv.Atoi(text(orDefault(c.properties["Count"], "1")))
	seconds, timeoutError := strconv.Atoi(text(c.properties["Timeout"]))
	timeout := time.Duration(seconds) * time.Second
	switch {
	case err != nil || handle.Host == "":
		return failed("Handle URL is not valid")
	case countError != nil || count < 1:
		return failed("Count must be a positive number")
	case timeoutError != nil || timeout < 0 || timeout > maxWait:
		return failed("Timeout must be between 0 and 43200 seconds")
	}
	now := s.account.Now()
	w := &signals{stacks: s, place: handle.Host + handle.EscapedPath(), count: count, physical: c.name}
	if s.config.LoseEarlySignals {
		s.mu.Lock()
		w.skip = len(s.objects[w.place].puts)
		s.mu.Unlock()
	}
	return result{pending: &pending{due: now.Add(timeout), early: w.decided, look: w.look}}
}

func orDefault(value any, otherwise any) any {
	if value == nil {
		return otherwise
	}
	return value
}

// signals are what a wait condition waits for.
type signals struct {
	stacks   *Stacks
	place    string
	skip     int
	count    int
	physical string
}

// received returns the data of the successful signals by their ids, and the first failure. A
// signal with the id of an earlier one is a repetition. The caller holds the lock.
func (w *signals) received() (data map[string]string, failure string) {
	data = map[string]string{}
	for _, p := range w.stacks.objects[w.place].puts[w.skip:] {
		var s signal
		if json.Unmarshal(p.body, &s) != nil || s.UniqueId == "" {
			continue // nothing says that CloudFormation tells the sender
		}
		switch {
		case s.Status == "FAILURE" && failure == "":
			failure = fmt.Sprintf("WaitCondition received failed message: '%s' for uniqueId: %s", s.Reason, s.UniqueId)
		case s.Status == "SUCCESS" && data[s.UniqueId] == "":
			data[s.UniqueId] = s.Data
		}
	}
	return data, failure
}

// decided reports whether enough signals are there, or a failure. The caller holds the lock.
func (w *signals) decided() bool {
	data, failure := w.received()
	return failure != "" || len(data) >= w.count
}

func (w *signals) look(context.Context) result {
	w.stacks.mu.Lock()
	defer w.stacks.mu.Unlock()
	data, failure := w.received()
	switch {
	case failure != "":
		return result{failure: failure, physical: w.physical}
	case len(data) < w.count:
		return result{failure: fmt.Sprintf("WaitCondition timed out. Received %d conditions when expecting %d", len(data), w.count), physical: w.physical}
	}
	return result{physical: w.physical, attributes: document{"Data": strings.TrimSpace(encode(data))}}
}
