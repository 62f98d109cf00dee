FROM mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0
ARG SERVICE_PATH=services/notebook-processor
ARG COMMON_PATH=.
WORKDIR /app
RUN mkdir -p /root/.jupyter /root/course
COPY ${SERVICE_PATH}/packages.yaml /tmp/packages.yaml
COPY ${SERVICE_PATH}/base-requirements.txt ./base-requirements.txt
COPY ${SERVICE_PATH}/deno-x86_64-unknown-linux-gnu.zip .
COPY ${SERVICE_PATH}/packages-microsoft-prod.deb .
COPY ${SERVICE_PATH}/ijava-1.3.0.zip .
RUN conda
RUN apt
RUN dotnet-sdk
RUN dotnet-interactive
RUN deno
RUN ijava
RUN pip-base
COPY ${COMMON_PATH}/clx-common ./clx-common
COPY ${SERVICE_PATH} ./notebook-processor
RUN clx-common
RUN service
