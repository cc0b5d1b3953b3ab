package flow

// What a rule matches to find Sluice's announcements. OwnSource is the source of every
// event that Sluice itself sends.
const (
	OwnSource              = "sluice"
	AnnouncementDetailType = "Sluice Deployment State Change"
)
