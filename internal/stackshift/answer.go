package stackshift

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Answer is what CloudFormation waits for (CloudFormation User Guide, Custom resource response
// objects).
type Answer struct {
	Status     string            `json:"Status"`
	Reason     string            `json:"Reason,omitempty"`
	PhysicalID string            `json:"PhysicalResourceId"`
	StackID    string            `json:"StackId"`
	RequestID  string            `json:"RequestId"`
	LogicalID  string            `json:"LogicalResourceId"`
	Data       map[string]string `json:"Data,omitempty"`
}

// ErrNotAwaited is returned for an answer that comes too late: the URL has expired.
var ErrNotAwaited = errors.New("CloudFormation does not wait for the answer any more")

// maxAnswer is how many bytes an answer may have (the same page).
const maxAnswer = 4096

// Succeed returns the answer that the request was done. data are the versions by key.
func (r Request) Succeed(data map[string]string) Answer {
	return Answer{Status: "SUCCESS", PhysicalID: r.Physical(), StackID: r.StackID, RequestID: r.RequestID, LogicalID: r.LogicalID, Data: data}
}

// Fail returns the answer that the request was not done, and why.
func (r Request) Fail(why string) Answer {
	a := r.Succeed(nil)
	a.Status, a.Reason = "FAILED", why
	return a
}

// Failed says whether the answer is that the request was not done.
func (a Answer) Failed() bool { return a.Status == "FAILED" }

// Encode writes the answer. A Reason that is too long is cut.
func (a Answer) Encode() ([]byte, error) {
	text, err := json.Marshal(a)
	for err == nil && len(text) > maxAnswer && a.Reason != "" {
		a.Reason = shift.BoundText(a.Reason, max(len(a.Reason)-(len(text)-maxAnswer), 1)/2)
		text, err = json.Marshal(a)
	}
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("the answer to CloudFormation has %d bytes, and %d are allowed", len(text), maxAnswer)
	}
	return text, err
}

// Signal returns the answer in the form that a wait condition waits for (CloudFormation User
// Guide, Creating wait conditions: Wait condition signal JSON format).
func (a Answer) Signal() ([]byte, error) {
	status := "SUCCESS"
	if a.Failed() {
		status = "FAILURE"
	}
	return json.Marshal(map[string]string{
		"Status": status, "UniqueId": a.RequestID, "Reason": shift.BoundText(a.Reason, 1024), "Data": "",
	})
}

// The first parts of the hosts that CloudFormation waits at, each with a region (CloudFormation
// User Guide, Setting up VPC endpoints: the buckets that must be reachable).
const (
	answerBucket = "cloudformation-custom-resource-response-"
	signalBucket = "cloudformation-waitcondition-"
)

// CheckResponseURL refuses a ResponseURL at which CloudFormation of this region does not wait.
// Whoever invokes the function must not be able to make it call somebody else.
func CheckResponseURL(text, region string) error {
	return checkURL(text, answerBucket+strings.ReplaceAll(region, "-", ""), region)
}

// CheckHandle refuses a Handle that is not of a wait condition of this region.
func CheckHandle(text, region string) error { return checkURL(text, signalBucket+region, region) }

func checkURL(text, bucket, region string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("the URL to answer at cannot be read")
	}
	host := regexp.MustCompile(`^` + regexp.QuoteMeta(bucket) + `\.s3(?:[.-](?:dualstack\.)?` + regexp.QuoteMeta(region) + `)?\.amazonaws\.com(?:\.cn)?$`)
	if u.Scheme != "https" || u.User != nil || u.Port() != "" || !host.MatchString(u.Hostname()) {
		return fmt.Errorf("the URL to answer at is at %q, and CloudFormation in %s waits at %s.s3.%s.amazonaws.com", shift.BoundText(u.Hostname(), 120), region, bucket, region)
	}
	return nil
}
