// Package account holds the AWS account, the region and the clock that the services
// share.
package account

import (
	"fmt"
	"time"
)

// Account is one account in one region.
type Account struct {
	Region string
	ID     string
	// Now is the only clock.
	Now func() time.Time
}

// ARN returns the ARN of a service's resource in the account's region.
func (a Account) ARN(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, a.Region, a.ID, resource)
}
