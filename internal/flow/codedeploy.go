package flow

import (
	"crypto/sha256"
	"encoding/base32"
)

// CodeDeployID returns the id that a Deployment has for those who know CodeDeploy, in the form of
// CodeDeploy's own: d- and nine letters and digits.
func CodeDeployID(executionARN string) string {
	const length = 9
	sum := sha256.Sum256([]byte(executionARN))
	return "d-" + base32.StdEncoding.EncodeToString(sum[:])[:length]
}
