variable "package" {
  description = "The folder with what sluice-package_VERSION.zip holds."
  type        = string
}

variable "bucket" {
  description = "A bucket in the stack's region, for the template and the zips."
  type        = string
}

variable "bucket_prefix" {
  description = "What the keys in the bucket begin with."
  type        = string
  default     = "sluice/"
}

variable "stack_name" {
  description = "The name of the stack. Sluice's own commands look for it under the prefix."
  type        = string
  default     = "sluice"
}

# The others are the template's parameters. The template checks their values.

variable "name_prefix" {
  type    = string
  default = "sluice"
}

variable "functions" {
  type    = string
  default = "tag"
}

variable "hooks" {
  type    = string
  default = "tag"
}

variable "synthetic" {
  type    = string
  default = "tag"
}

variable "alias" {
  type    = string
  default = "live"
}

variable "on_new_version" {
  type    = bool
  default = true
}

variable "notification_email" {
  type    = string
  default = ""
}

variable "notify_on" {
  type    = list(string)
  default = ["AwaitingApproval", "Promoted", "Rejected", "RolledBack", "Stranded"]
}

variable "chat" {
  type    = string
  default = "off"
}

variable "panel" {
  type    = string
  default = "read-only"
}

variable "hook_endpoint" {
  type    = string
  default = "off"
}

variable "macro_name" {
  type    = string
  default = "off"
}

variable "config_parameters" {
  type    = string
  default = ""
}

variable "revert_hours" {
  type    = number
  default = 72
}

variable "log_retention_days" {
  type    = number
  default = 90
}
