package dashboard

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// Guide leads a person through what the dashboard shows. 'sluice tour' has one.
type Guide interface {
	// Now returns what the guide says now.
	Now() GuideText
	// Next does what the button says. key is the Key of the text that the person has seen: the guide
	// ignores a button that was pressed before. The error is shown to the person.
	Next(ctx context.Context, key string) error
	// Changed receives when Now has changed. Only the dashboard receives from it.
	Changed() <-chan struct{}
}

// GuideText is what a Guide says at one moment.
type GuideText struct {
	// Key names this moment.
	Key   string
	Title string
	// Paragraphs say what happened, and what happens now. Look says where to look; it may be empty.
	Paragraphs []string
	Look       string
	// Commands do the same from a terminal, or in an AWS account. They are shown as they are.
	Commands []string
	// Button is what the button says. It is empty while there is nothing to press.
	Button string
}

// Badge is the part of the title before the colon, such as "Step 1 of 4".
func (t GuideText) Badge() string {
	badge, _, _ := strings.Cut(t.Title, ": ")
	return badge
}

// Heading is the part of the title after the colon.
func (t GuideText) Heading() string {
	_, heading, _ := strings.Cut(t.Title, ": ")
	return heading
}

// composeGuide makes the block of the guide, which stands above every page.
func (d *Dashboard) composeGuide() (block, bool) {
	if d.config.Guide == nil {
		return block{}, false
	}
	text := d.config.Guide.Now()
	b := fragment("guide", text.Key, "guide", struct {
		GuideText
		Token string
	}{text, d.token})
	b.headline = text.Title
	return b, true
}

// guideHTML is the block of the guide, or nothing.
func (d *Dashboard) guideHTML() template.HTML {
	b, _ := d.composeGuide()
	return b.html
}

// goOn does what the button of the guide says, and shows the list.
func (d *Dashboard) goOn(w http.ResponseWriter, r *http.Request) {
	if !d.readForm(w, r) {
		return
	}
	if d.config.Guide == nil {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), time.Minute)
	defer cancel()
	if err := d.config.Guide.Next(ctx, r.PostForm.Get("key")); err != nil {
		d.showMessage(w, http.StatusConflict, message{Headline: "The guide cannot go on", Text: fmt.Sprint(err)})
		return
	}
	d.poller.readSoon()
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// followGuide tells the pages of the guide's changes until the context ends.
func (d *Dashboard) followGuide(ctx context.Context) {
	if d.config.Guide == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.config.Guide.Changed():
			d.poller.readSoon()
		}
	}
}

// readSoon tells the pages that something has changed, and asks for all that is open at once.
func (p *poller) readSoon() {
	p.change(func() bool {
		p.wantList = true
		for _, d := range p.deployments {
			if d.isOpen() {
				d.recordRead, d.due, d.idle = time.Time{}, time.Time{}, 0
			}
		}
		return true
	})
	p.wake()
}
