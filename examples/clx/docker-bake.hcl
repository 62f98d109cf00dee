// The three services by way of their Dockerfiles: docker buildx bake

variable "VERSION" {
  default = "0.2.2"
}

group "default" {
  targets = ["drawio-converter", "notebook-processor", "plantuml-converter"]
}

target "service" {
  name       = service
  matrix     = { service = ["drawio-converter", "notebook-processor", "plantuml-converter"] }
  context    = "."
  dockerfile = "services/${service}/Dockerfile"
  args = {
    SERVICE_PATH = "services/${service}"
    COMMON_PATH  = "."
  }
  labels = {
    "org.opencontainers.image.title"   = service
    "org.opencontainers.image.version" = VERSION
  }
  tags = [
    "${service}:${VERSION}",
    "${service}:latest",
    "clx-${service}:${VERSION}",
    "clx-${service}:latest",
  ]
}
