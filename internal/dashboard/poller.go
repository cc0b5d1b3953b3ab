package dashboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/shift"
)

// How often AWS is asked, at most, so that an hour costs less than a cent. A record costs a read unit
// of DynamoDB for each 4 KB, and has 400 KB at most. A history costs nothing; but all callers of an
// account together may read only about ten histories a second (Step Functions quotas).
const (
	// listEvery and quietEvery are for the list of what is open, and for it while nothing is.
	listEvery  = 5 * time.Second
	quietEvery = 10 * time.Second
	// Each record is read every recordEvery, or less often: all of them together take
	// timePerRecord each, and timePerUnit for each read unit. So do those at whose pages somebody
	// looks, but beside those alone.
	recordEvery   = 5 * time.Second
	timePerRecord = 250 * time.Millisecond
	timePerUnit   = 125 * time.Millisecond
	// A history is read when its next event is due, and if that has not come, after historyEvery,
	// and then less and less often.
	historyEvery    = 3 * time.Second
	maxHistoryPause = 30 * time.Second
	// maxHistories is how many are read in one round, and lateness how long after an event was
	// due its history is read.
	maxHistories = 4
	lateness     = time.Second
	// alarmsEvery, recentEvery and freezeEvery are for the alarms of all that is open, for the
	// executions, and for whether deployments are frozen.
	// The alarms are read less often if that takes several calls: timePerAlarms for each.
	alarmsEvery   = time.Minute
	timePerAlarms = 20 * time.Second
	recentEvery   = time.Minute
	freezeEvery   = time.Minute
	// roundPause is the time between two rounds, at least.
	roundPause = time.Second
)

const (
	// lookTime is how long after the last look AWS is still asked.
	lookTime = 30 * time.Second
	// maxRecent is how many deployments that have ended are listed.
	maxRecent = 20
	// maxKept is how many deployments are kept in mind that are not listed any more.
	maxKept = 500
	// alarmsInCall is how many alarms DescribeAlarms returns at most (CloudWatch, MaxRecords).
	alarmsInCall = 100
	// maxParallel is how many records are read at once.
	maxParallel = 8
	// roundTime bounds a round, and so how long AWS may take to answer.
	roundTime = 30 * time.Second
)

// poller reads AWS for all viewers. Only one goroutine runs its rounds.
type poller struct {
	Config

	mu          sync.Mutex
	deployments map[string]*deployment
	learned     operator.Clock // is used if the Config has no Clock
	viewers     map[chan struct{}]bool
	looked      time.Time     // when somebody has looked last
	kick        chan struct{} // receives when somebody wants a round at once
	round       chan struct{} // is closed at the end of the round
	inRound     bool
	hasRead     bool // whether there was a round
	problems    map[string]problem
	// wantList and wantRecent ask for these lists in the next round. listRead is when the first one
	// was read last.
	wantList, wantRecent bool
	listRead             time.Time

	freeze shift.Freeze

	// These belong to the goroutine that runs the rounds.
	alarmsRead, recentRead, freezeRead time.Time
	alarmsPause                        time.Duration
}

// problem is why something cannot be read, since a time.
type problem struct {
	text  string
	since time.Time
}

func newPoller(c Config) *poller {
	return &poller{
		Config: c, deployments: map[string]*deployment{}, viewers: map[chan struct{}]bool{},
		looked: c.Now(), kick: make(chan struct{}, 1), round: make(chan struct{}), problems: map[string]problem{},
	}
}

// run polls until the context ends, as long as somebody looks.
func (p *poller) run(ctx context.Context) {
	for {
		pause := p.poll(ctx)
		var timer <-chan time.Time
		if p.isWatched() {
			timer = time.After(pause)
		}
		select {
		case <-ctx.Done():
			return
		case <-p.kick:
		case <-timer:
		}
	}
}

// isWatched reports whether somebody looks.
func (p *poller) isWatched() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.viewers) > 0 || p.Now().Sub(p.looked) < lookTime
}

// poll makes one round, and returns how long to wait until the next one. It does nothing while
// nobody looks.
func (p *poller) poll(ctx context.Context) time.Duration {
	if !p.isWatched() {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	p.mu.Lock()
	p.inRound = true
	p.mu.Unlock()
	lists := []func(context.Context){p.readList, p.readRecent, p.readFreeze}
	p.together(ctx, len(lists), func(ctx context.Context, i int) { lists[i](ctx) })
	p.readRecords(ctx)
	p.readHistories(ctx)
	p.readAlarms(ctx)
	p.forget()
	p.mu.Lock()
	close(p.round)
	p.round, p.hasRead, p.inRound = make(chan struct{}), true, false
	p.mu.Unlock()
	if ctx.Err() != nil {
		return listEvery
	}
	return roundPause
}

// time returns the time in AWS, and how fast it passes. Its caller holds the lock.
func (p *poller) time() (now time.Time, speed float64) {
	switch {
	case p.Clock != nil:
		return p.Clock()
	case p.learned.Latest().IsZero():
		return p.Now(), 1
	}
	return p.learned.Tell(p.Now()), p.learned.Speed()
}

// wake asks for a round at once.
func (p *poller) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// change applies what was read, and tells the viewers if it is news.
func (p *poller) change(apply func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !apply() {
		return
	}
	for v := range p.viewers {
		select {
		case v <- struct{}{}:
		default: // it has not taken the last news yet
		}
	}
}

// say records why something cannot be read, or that it can again.
func (p *poller) say(what string, err error) {
	if err != nil && errors.Is(err, context.Canceled) {
		return
	}
	p.change(func() bool {
		before, was := p.problems[what]
		if err == nil {
			delete(p.problems, what)
			return was
		}
		text := shift.BoundText(err.Error(), maxShown)
		p.problems[what] = problem{text: text, since: cmp.Or(before.since, p.Now())}
		return before.text != text
	})
}

// maxShown bounds the text of an error on the page, in characters.
const maxShown = 600

// find returns a deployment, and makes it if need be. Its caller holds the lock.
func (p *poller) find(id string) *deployment {
	d := p.deployments[id]
	if d == nil {
		d = newDeployment(id)
		p.deployments[id] = d
	}
	return d
}

// readList reads what is open.
func (p *poller) readList(ctx context.Context) {
	every := quietEvery
	p.mu.Lock()
	for _, d := range p.deployments {
		if d.isOpen() {
			every = listEvery
		}
	}
	if !p.wantList && p.Now().Sub(p.listRead) < every {
		p.mu.Unlock()
		return
	}
	p.listRead, p.wantList = p.Now(), false
	p.mu.Unlock()
	listed, err := p.Ledger.Unannounced(ctx)
	p.say("the list of open deployments", err)
	if err != nil && !errors.Is(err, shift.ErrLedgerDamaged) {
		return
	}
	p.change(func() bool { return p.learnList(listed) })
}

func (p *poller) learnList(listed []shift.Listed) (news bool) {
	open := map[string]bool{}
	for _, l := range listed {
		open[l.ID] = true
		d := p.find(l.ID)
		if !d.listed {
			d.listed, d.since = true, l.Since
			d.version++
			news = true
		}
	}
	for id, d := range p.deployments {
		if d.listed && !open[id] {
			d.listed, d.recordRead = false, time.Time{} // its end is to be read
			d.version++
			news, p.wantRecent = true, true
		}
	}
	return news
}

// readRecent reads which executions run, and which have ended.
func (p *poller) readRecent(ctx context.Context) {
	p.mu.Lock()
	wanted := p.wantRecent || p.Now().Sub(p.recentRead) >= recentEvery
	p.wantRecent = false
	p.mu.Unlock()
	if !wanted {
		return
	}
	p.recentRead = p.Now()
	listed, err := p.Executions.Recent(ctx, maxRecent)
	p.say("the list of executions", err)
	if err != nil {
		return
	}
	p.change(func() (news bool) {
		for _, x := range listed {
			d := p.find(string(x.Execution))
			if d.execution != x {
				news = true
				if d.record.Status != shift.StatusClosed && !x.Ended.IsZero() {
					d.recordRead, d.stale = time.Time{}, true // its end is to be read
				}
				d.execution = x
				d.since = earliest(d.since, x.Started)
				d.version++
			}
		}
		return news
	})
}

// readFreeze reads whether deployments are frozen.
func (p *poller) readFreeze(ctx context.Context) {
	if p.Now().Sub(p.freezeRead) < freezeEvery {
		return
	}
	p.freezeRead = p.Now()
	freeze, err := p.Ledger.Freeze(ctx)
	p.say("whether deployments are frozen", err)
	if err != nil {
		return
	}
	p.change(func() bool {
		now, _ := p.time()
		news := freeze != p.freeze || !freeze.Until.IsZero() && !freeze.Holds(now) // it has ended by itself
		p.freeze = freeze
		return news
	})
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// readRecords reads the records that are due. One that is closed is read once.
func (p *poller) readRecords(ctx context.Context) {
	due := p.dueRecords()
	p.together(ctx, len(due), func(ctx context.Context, i int) { p.readRecord(ctx, due[i]) })
}

// together reads several things, a few at once.
func (p *poller) together(ctx context.Context, n int, read func(ctx context.Context, i int)) {
	if p.Together != nil {
		p.Together(ctx, n, read)
		return
	}
	turn := make(chan struct{}, maxParallel)
	var all sync.WaitGroup
	for i := range n {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			read(ctx, i)
		})
	}
	all.Wait()
}

func (p *poller) dueRecords() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	every, everyLooked := p.recordPauses()
	var due []string
	for id, d := range p.deployments {
		pause := every
		if p.isLookedAt(d) {
			pause = everyLooked
		}
		if d.recordRead.IsZero() || d.isOpen() && p.Now().Sub(d.recordRead) >= pause {
			due = append(due, id)
		}
	}
	slices.Sort(due)
	return due
}

// recordPauses returns how often each record is read, and how often one at whose page somebody looks.
// Its caller holds the lock.
func (p *poller) recordPauses() (every, everyLooked time.Duration) {
	open, units, unitsLooked := 0, 0, 0
	for _, d := range p.deployments {
		if !d.isOpen() {
			continue
		}
		open++
		units += d.readUnits
		if p.isLookedAt(d) {
			unitsLooked += d.readUnits
		}
	}
	everyLooked = max(recordEvery, time.Duration(unitsLooked)*timePerUnit)
	return max(everyLooked, time.Duration(open)*timePerRecord, time.Duration(units)*timePerUnit), everyLooked
}

// isLookedAt reports whether somebody looks at the deployment's own page.
func (p *poller) isLookedAt(d *deployment) bool {
	return !d.looked.IsZero() && p.Now().Sub(d.looked) < lookTime
}

func (p *poller) readRecord(ctx context.Context, id string) {
	at := p.Now() // before it is read: what happens meanwhile is not in it
	record, err := p.Ledger.Record(ctx, id)
	if ctx.Err() != nil {
		return
	}
	text := ""
	if err != nil && !errors.Is(err, shift.ErrDeploymentUnknown) {
		text = shift.BoundText(err.Error(), maxShown)
	}
	p.change(func() bool {
		d := p.find(id)
		d.recordRead = at
		if !d.learnRecord(record, text) {
			return false
		}
		d.version++
		return true
	})
}

// readHistories reads the histories that are due, those first at which somebody looks, and then
// those that have waited longest.
func (p *poller) readHistories(ctx context.Context) {
	due := p.dueHistories()
	p.together(ctx, len(due), func(ctx context.Context, i int) {
		id := due[i]
		p.mu.Lock()
		after := p.find(id).last.ID
		p.mu.Unlock()
		at := p.Now()
		events, err := p.Executions.Events(ctx, operator.Execution(id), after)
		if ctx.Err() == nil {
			p.change(func() bool { return p.learnHistory(p.find(id), at, events, err) })
		}
	})
}

// learnHistory takes what was read of a history, which was asked for at a time.
func (p *poller) learnHistory(d *deployment, at time.Time, events []operator.Event, err error) bool {
	d.historyRead, d.stale = at, false
	d.idle++
	if err != nil {
		text := shift.BoundText(err.Error(), maxShown)
		if d.historyError == text {
			return false
		}
		d.historyError = text
		d.version++
		return true
	}
	recovered, closed, ended := d.historyError != "", d.run.Closed, d.run.End
	d.historyError = ""
	d.learnEvents(events)
	if len(events) > 0 {
		d.idle = 0
		p.learned.Learn(d.last.At, p.Now())
	}
	if ended == nil && d.run.End != nil && d.record.Status != shift.StatusClosed {
		d.recordRead = time.Time{} // its end is to be read
	}
	if !recovered && len(events) == 0 && closed == d.run.Closed && (ended == nil) == (d.run.End == nil) {
		return false
	}
	d.version++
	return true
}

func (p *poller) dueHistories() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, _ := p.time()
	var due []*deployment
	for _, d := range p.deployments {
		if (d.isOpen() || p.isLookedAt(d)) && p.isDue(d, now) {
			due = append(due, d)
		}
	}
	slices.SortFunc(due, func(a, b *deployment) int {
		if x, y := p.isLookedAt(a), p.isLookedAt(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(a.historyRead.Compare(b.historyRead), cmp.Compare(a.id, b.id))
	})
	ids := make([]string, min(len(due), maxHistories))
	for i := range ids {
		ids[i] = due[i].id
	}
	return ids
}

// isDue reports whether the history of a deployment is to be read. now is the time in AWS.
func (p *poller) isDue(d *deployment, now time.Time) bool {
	switch {
	case d.historyRead.IsZero(), d.stale:
		return true
	case d.last.Ends() && d.idle > 0: // it was read once more, for what the Ledger knows
		return false
	case now.Before(d.due.Add(lateness)):
		return false
	}
	pause := historyEvery
	for range min(d.idle, 8) {
		pause += pause / 2
	}
	return p.Now().Sub(d.historyRead) >= min(pause, maxHistoryPause)
}

// readAlarms reads the alarms of all that is open.
func (p *poller) readAlarms(ctx context.Context) {
	if p.Now().Sub(p.alarmsRead) < p.alarmsPause {
		return
	}
	var names []string
	p.mu.Lock()
	for _, d := range p.deployments {
		if d.isOpen() {
			names = append(names, d.alarmNames()...)
		}
	}
	p.mu.Unlock()
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	names = slices.Compact(names)
	calls := (len(names) + alarmsInCall - 1) / alarmsInCall
	p.alarmsRead, p.alarmsPause = p.Now(), max(alarmsEvery, time.Duration(calls)*timePerAlarms)
	alarms, err := p.Alarms.Alarms(ctx, names)
	p.say("the alarms", err)
	if err == nil {
		p.change(func() bool { return p.learnAlarms(alarms) })
	}
}

func (p *poller) learnAlarms(alarms []shift.Alarm) (news bool) {
	for _, d := range p.deployments {
		if !d.isOpen() {
			continue
		}
		for _, a := range alarms {
			before, known := d.alarms[a.Name]
			if slices.Contains(d.alarmNames(), a.Name) && (!known || before.State != a.State || before.Reason != a.Reason) {
				d.alarms[a.Name] = a
				d.version++
				news = true
			}
		}
	}
	return news
}

// forget drops those that nobody lists or looks at, when there are too many: those that have begun,
// and were found by a search, the longest time ago.
func (p *poller) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var over []*deployment
	for _, d := range p.deployments {
		if !d.isOpen() && !p.isLookedAt(d) {
			over = append(over, d)
		}
	}
	wanted := func(d *deployment) time.Time {
		if d.found.After(d.since) {
			return d.found
		}
		return d.since
	}
	slices.SortFunc(over, func(a, b *deployment) int { return wanted(b).Compare(wanted(a)) })
	for _, d := range over[min(len(over), maxKept):] {
		delete(p.deployments, d.id)
	}
}

// look tells that somebody looks, and at the page of which deployments. It waits for a round
// where nothing recent is known, but not for long: a page without answers is better than none.
func (p *poller) look(ctx context.Context, ids ...string) {
	ctx, cancel := context.WithTimeout(ctx, maxFirstWait)
	defer cancel()
	p.mu.Lock()
	old := !p.hasRead || p.Now().Sub(p.listRead) >= listEvery
	p.wantRecent = p.wantRecent || p.Now().Sub(p.looked) >= lookTime && len(p.viewers) == 0
	p.looked, p.wantList = p.Now(), p.wantList || old
	for _, id := range ids {
		p.find(id).looked = p.Now()
	}
	due := p.roundsDue(old)
	p.mu.Unlock()
	for rounds := 0; rounds < due || p.isUnread(ids); rounds++ {
		if !p.awaitRound(ctx) {
			return
		}
	}
}

// roundsDue returns how many rounds must end until what is known is not old any more. One that is
// under way may have read what was true before.
func (p *poller) roundsDue(old bool) int {
	switch {
	case !old:
		return 0
	case p.inRound:
		return 2
	}
	return 1
}

// awaitRound waits until the round of polls that goes on has ended. It returns false if the context
// ends before.
func (p *poller) awaitRound(ctx context.Context) bool {
	p.mu.Lock()
	over := p.round
	p.mu.Unlock()
	p.wake()
	select {
	case <-over:
		return true
	case <-ctx.Done():
		return false
	}
}

// isUnread reports whether AWS was not asked about one of the deployments yet.
func (p *poller) isUnread(ids []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(ids, func(id string) bool {
		d := p.find(id)
		return d.recordRead.IsZero() || d.historyRead.IsZero()
	})
}

// maxFirstWait is how long a page waits for the first answers of AWS.
const maxFirstWait = 5 * time.Second

// subscribe returns a channel that receives when there is news. It must be unsubscribed.
func (p *poller) subscribe() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := make(chan struct{}, 1)
	p.viewers[v] = true
	p.wake()
	return v
}

func (p *poller) unsubscribe(v chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.viewers, v)
	p.looked = p.Now()
}

// history returns the deployments of a Target, the latest first, and reads the records of the first
// maxRecent. It costs a query, so it is asked only when somebody searches.
func (p *poller) history(ctx context.Context, t shift.Target) ([]string, error) {
	arrived, err := p.Ledger.History(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", t, err)
	}
	ids := make([]string, len(arrived))
	p.change(func() bool {
		for i, a := range arrived {
			ids[i] = a.DeploymentID
			if i < maxRecent {
				d := p.find(a.DeploymentID)
				d.since, d.found = earliest(d.since, a.OpenedAt), p.Now()
			}
		}
		return false
	})
	if len(ids) > 0 {
		p.wake()
	}
	return ids, nil
}

// settle waits for the records of deployments, but not for long.
func (p *poller) settle(ctx context.Context, ids []string) {
	ctx, cancel := context.WithTimeout(ctx, maxFirstWait)
	defer cancel()
	for p.isUnknown(ids) && p.awaitRound(ctx) {
	}
}

// isUnknown reports whether the record of one of the deployments was not read yet.
func (p *poller) isUnknown(ids []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(ids, func(id string) bool { return p.find(id).recordRead.IsZero() })
}
