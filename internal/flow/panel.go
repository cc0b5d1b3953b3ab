package flow

import "time"

const (
	// Panel is the function behind the custom widget of the stack's CloudWatch dashboard.
	// CloudWatch invokes it with the credentials of whoever looks.
	Panel = "panel"
	// PanelTimeout is longer than that of the safety net, which the buttons ask.
	PanelTimeout = SafetyNetTimeout + 30*time.Second
	// PanelVariable has the ARN of the function that the widget's buttons call, which is Panel's
	// own. Without it the widget only shows.
	PanelVariable = "SLUICE_PANEL"
	// PanelSetting is the setting of the stack that makes the widget: PanelOff, PanelReadOnly or
	// PanelOn.
	PanelSetting  = "panel"
	PanelOff      = "off"
	PanelReadOnly = "read-only"
	PanelOn       = "on"
)

// OpenPartition is the partition of the ledger's table that lists the Deployments which are not
// announced yet. The role of Panel is narrowed to it.
const OpenPartition = "open"
