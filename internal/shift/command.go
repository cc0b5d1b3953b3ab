package shift

import "time"

// Order is what a person asks of a Deployment that is open.
type Order string

const (
	// Abort puts the traffic back at once.
	Abort Order = "abort"
	// Promote skips the rest of the Plan; the alarms still count.
	Promote Order = "promote"
	// Pause holds the Weight, and goes on watching the alarms.
	Pause Order = "pause"
	// Resume ends a Pause.
	Resume Order = "resume"
)

// Command is an Order as it stands in the Ledger's record until it is obeyed.
type Command struct {
	Order  Order     `json:"order"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}
