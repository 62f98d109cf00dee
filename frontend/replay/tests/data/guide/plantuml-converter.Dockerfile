FROM python:3.11-slim
ARG SERVICE_PATH=services/plantuml-converter
ARG COMMON_PATH=.
WORKDIR /app
COPY ${SERVICE_PATH}/plantuml-1.2024.6.jar ./plantuml.jar
COPY ${SERVICE_PATH}/base-requirements.txt ./base-requirements.txt
RUN apt
RUN pip-base
COPY ${COMMON_PATH}/clx-common ./clx-common
COPY ${SERVICE_PATH} ./plantuml-converter
RUN clx-common
RUN service
