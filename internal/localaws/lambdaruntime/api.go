package lambdaruntime

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// routes returns a handler for the four routes of the Runtime API.
func (p *process) routes() http.Handler {
	mux := http.NewServeMux()
	const version = "/2018-06-01/runtime"
	mux.HandleFunc("GET "+version+"/invocation/next", p.handleNext)
	mux.HandleFunc("POST "+version+"/invocation/{id}/response", p.handleResponse)
	mux.HandleFunc("POST "+version+"/invocation/{id}/error", p.handleError)
	mux.HandleFunc("POST "+version+"/init/error", p.handleInitError)
	return mux
}

// handleNext sends the next event as soon as there is one.
func (p *process) handleNext(w http.ResponseWriter, r *http.Request) {
	p.markReady()
	p.mu.Lock()
	busy := p.current != nil
	p.mu.Unlock()
	if busy {
		writeError(w, http.StatusForbidden, "InvalidStateTransition", "the last invocation has not been answered")
		return
	}
	select {
	case <-r.Context().Done(): // the process has disconnected, or the API is closed
	case i := <-p.work:
		p.setCurrent(i)
		header := w.Header()
		header.Set("Content-Type", contentType)
		header.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", p.function.ARN)
		header.Set("Lambda-Runtime-Trace-Id", i.trace)
		_, _ = w.Write(i.payload) // if the process has ended, run notices it
	}
}

// handleResponse receives the function's result.
func (p *process) handleResponse(w http.ResponseWriter, r *http.Request) {
	i := p.currentInvocation(r.PathValue("id"))
	if i == nil {
		writeError(w, http.StatusBadRequest, "InvalidRequestID", "there is no such invocation")
		return
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxResponseBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		p.clearCurrent()
		i.answer(i.report(errTooLarge, "Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponseBytes))
		writeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the response is too large")
	case err != nil:
		return // the connection broke; the end of the process ends the invocation
	default:
		p.clearCurrent()
		writeAccepted(w)
		i.answer(Result{Payload: payload})
	}
}

// handleError receives the function's error.
func (p *process) handleError(w http.ResponseWriter, r *http.Request) {
	i := p.currentInvocation(r.PathValue("id"))
	if i == nil {
		writeError(w, http.StatusBadRequest, "InvalidRequestID", "there is no such invocation")
		return
	}
	report, err := errorReport(r)
	if err != nil {
		writeError(w, http.StatusBadRequest, "InvalidErrorShape", err.Error())
		return
	}
	p.clearCurrent()
	writeAccepted(w)
	i.answer(Result{Payload: report, Failed: true})
}

// handleInitError receives the error of a process that cannot start. The process ends
// after sending it.
func (p *process) handleInitError(w http.ResponseWriter, r *http.Request) {
	select {
	case <-p.ready:
		writeError(w, http.StatusForbidden, "InvalidStateTransition", "the process has started already")
		return
	default:
	}
	report, err := errorReport(r)
	if err != nil {
		writeError(w, http.StatusBadRequest, "InvalidErrorShape", err.Error())
		return
	}
	p.mu.Lock()
	p.initError = report
	p.mu.Unlock()
	writeAccepted(w)
}

// errorReport reads an error report. If the report has no type, it takes the type from
// the header.
func errorReport(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxResponseBytes))
	if err != nil {
		return nil, err
	}
	report := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &report); err != nil {
			return nil, err
		}
	}
	if named, _ := report["errorType"].(string); named != "" {
		return text, nil
	}
	report["errorType"] = errUnknown
	if named := r.Header.Get("Lambda-Runtime-Function-Error-Type"); named != "" {
		report["errorType"] = named
	}
	return json.Marshal(report)
}

func writeAccepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte(`{"status":"OK"}`)) // the invocation does not depend on this reply
}

func writeError(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	body, _ := json.Marshal(map[string]string{"errorType": errorType, "errorMessage": message}) // strings always marshal
	_, _ = w.Write(body)                                                                        // the process may have disconnected
}
