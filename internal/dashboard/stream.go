package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/sluice-aws/sluice/internal/operator"
)

const (
	// maxStreams is how many pages may listen at once.
	maxStreams = 100
	// beatEvery is how often a page is told that the connection is alive.
	beatEvery = 15 * time.Second
	// calmTime is the time between two updates, at least.
	calmTime = 300 * time.Millisecond
	// sendTime is how long a browser may take to receive an update.
	sendTime = 20 * time.Second
)

// update is what a page is told. Its script puts it into the page.
type update struct {
	// Instance tells whether the dashboard was started again since.
	Instance string `json:"instance"`
	// Now is the time in AWS in milliseconds since 1970, and Speed how fast it passes.
	Now   int64   `json:"now"`
	Speed float64 `json:"speed"`
	// Lists are the keys of the blocks of each list that has changed, in order.
	Lists  map[string][]string `json:"lists,omitempty"`
	Blocks map[string]string   `json:"blocks,omitempty"`
	// Say is read out by a screen reader.
	Say []string `json:"say,omitempty"`
}

// stream sends what changes of a page, as server-sent events.
func (d *Dashboard) stream(w http.ResponseWriter, r *http.Request) {
	if !d.enter() {
		http.Error(w, "Too many pages listen.", http.StatusServiceUnavailable)
		return
	}
	defer d.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	news := d.poller.subscribe()
	defer d.poller.unsubscribe(news)
	s := streaming{d: d, w: w, query: r.URL.Query(), sent: map[string]block{}}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for err := s.send(); err == nil; {
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			err = s.sendBeat()
		case <-news:
			err = s.send()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(calmTime):
			}
		}
	}
}

func (d *Dashboard) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.streams == maxStreams {
		return false
	}
	d.streams++
	return true
}

func (d *Dashboard) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams--
}

// streaming is one page that listens.
type streaming struct {
	d     *Dashboard
	w     http.ResponseWriter
	query url.Values
	sent  map[string]block
	lists map[string]string
}

// send sends what has changed since the last time. The first time it sends everything.
func (s *streaming) send() error {
	c := s.d.compose(s.query)
	u, first := s.newUpdate(), s.lists == nil
	s.addLists(&u, c)
	s.addBlocks(&u, c, first)
	if !first && len(u.Blocks) == 0 && len(u.Lists) == 0 {
		return nil
	}
	return s.write(u)
}

// addLists adds the lists that have changed.
func (s *streaming) addLists(u *update, c composed) {
	lists := map[string]string{}
	for name, keys := range c.lists {
		lists[name] = fmt.Sprint(keys)
		if before, was := s.lists[name]; !was || before != lists[name] {
			u.Lists[name] = keys
		}
	}
	s.lists = lists
}

// addBlocks adds the blocks that have changed, and what is to be read out of them.
func (s *streaming) addBlocks(u *update, c composed, first bool) {
	sent := make(map[string]block, len(c.blocks))
	for _, b := range c.blocks {
		before, was := s.sent[b.key]
		if !was || before.version != b.version {
			u.Blocks[b.key] = string(b.html)
		}
		if !first && b.headline != before.headline && b.headline != "" {
			u.Say = append(u.Say, b.headline)
		}
		b.html = "" // it may be long
		sent[b.key] = b
	}
	s.sent = sent
}

// sendBeat tells that the connection is alive, and what time it is. Somebody still looks.
func (s *streaming) sendBeat() error {
	if id := s.query.Get("id"); id != "" {
		s.d.poller.change(func() bool {
			if of, known := s.d.poller.deployments[id]; known {
				of.looked = s.d.config.Now()
			}
			return false
		})
	}
	return s.write(s.newUpdate())
}

func (s *streaming) newUpdate() update {
	now, speed := s.d.poller.now()
	return update{Instance: s.d.instance, Lists: map[string][]string{}, Blocks: map[string]string{}, Now: now.UnixMilli(), Speed: speed}
}

func (s *streaming) write(u update) error {
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	control := http.NewResponseController(s.w)
	_ = control.SetWriteDeadline(time.Now().Add(sendTime)) // not every writer has one
	if _, err := fmt.Fprintf(s.w, "retry: 2000\ndata: %s\n\n", text); err != nil {
		return err
	}
	return control.Flush()
}

// knows reports whether there is a deployment with an ID, after AWS was asked about it. It asks
// only about what can be an execution.
func (d *Dashboard) knows(r *http.Request, id string) (known bool) {
	if _, err := operator.ParseExecution(id); err != nil {
		return false
	}
	d.poller.look(r.Context(), id)
	d.poller.view(func(time.Time) {
		of := d.poller.deployments[id]
		known = of != nil && (of.record.Status != "" || of.execution.Status != "" || len(of.run.Stages) > 0 || of.listed || of.recordError != "")
	})
	return known
}
