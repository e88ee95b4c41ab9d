package alert

import "context"

// Concerned is an alert with the accounts that its detections are about.
type Concerned struct {
	Alert    Alert
	Accounts []string
}

// Concerns finds alerts by whom they are about.
type Concerns interface {
	// About returns the alerts in incidents that are about one of the accounts (nil = any)
	// or of the hosts, the newest first, at most 200,000.
	About(ctx context.Context, accounts, hosts []string) ([]Concerned, error)
}
