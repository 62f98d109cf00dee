FROM python:3.11-slim
ARG SERVICE_PATH=services/drawio-converter
ARG COMMON_PATH=.
WORKDIR /app
COPY ${SERVICE_PATH}/drawio-amd64-24.7.5.deb .
COPY ${SERVICE_PATH}/ArchitectsDaughter-Regular.ttf /usr/local/share/fonts/
COPY ${SERVICE_PATH}/base-requirements.txt ./base-requirements.txt
RUN apt
RUN pip-base
COPY ${COMMON_PATH}/clx-common ./clx-common
COPY ${SERVICE_PATH} ./drawio-converter
RUN clx-common
RUN service
