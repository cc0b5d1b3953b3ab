package cloudwatch

import (
	"cmp"
	"sync"

	"github.com/sluice-aws/sluice/internal/localaws/account"
	"github.com/sluice-aws/sluice/internal/localaws/listener"
	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Regions is CloudWatch in all regions of an account.
type Regions struct {
	home    account.Account
	config  Config
	onState *listener.List[AlarmChange]

	mu       sync.Mutex
	byRegion map[string]*Alarms
}

// New returns the CloudWatch of an account, without alarms in any region.
func New(home account.Account, config Config) *Regions {
	return &Regions{home: home, config: config, onState: &listener.List[AlarmChange]{}, byRegion: map[string]*Alarms{}}
}

// In returns the CloudWatch of a region. An empty region is the account's own.
func (r *Regions) In(region string) *Alarms {
	at := r.home
	at.Region = cmp.Or(region, at.Region)
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.byRegion[at.Region]
	if found == nil {
		found = newAlarms(at, r.config, r.onState)
		r.byRegion[at.Region] = found
	}
	return found
}

// Protocol returns the protocol of a region's CloudWatch, which is the same in all.
func (r *Regions) Protocol(request protocol.Request) protocol.Protocol {
	return r.In(request.SigningRegion).Protocol(request)
}

// Operation finds the operation, of the region that the request was signed for.
func (r *Regions) Operation(request protocol.Request) protocol.Operation {
	return r.In(request.SigningRegion).Operation(request)
}
